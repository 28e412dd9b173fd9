"""From what was stored to the sockets of those whom it concerns."""
