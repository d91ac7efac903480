"""What the parties want and do. Behaviour 'none': every lever stays at the professional norm."""
