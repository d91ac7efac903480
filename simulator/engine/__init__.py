"""What happens: the life of a contract and of the people it serves, event by event."""
