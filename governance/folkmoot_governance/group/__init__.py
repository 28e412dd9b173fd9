"""Groups: `state`, `commands`, `events`, and the two functions between them, `decide` and `apply`."""
