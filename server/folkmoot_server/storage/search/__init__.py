"""What search finds in a text, and the index of it."""
