"""What several nodes tell each other of what was stored: `api` promises, `nats` carries it."""
