"""The demos: a server with people who talk, and a cluster of three nodes."""
