"""Groups: commands on them, coming in, and raids."""
