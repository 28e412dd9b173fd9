"""What is done in rounds, by one node at a time, without anybody asking for it."""
