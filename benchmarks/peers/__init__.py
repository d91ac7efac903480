"""Other ways to live the same people: what the engine is measured against."""
