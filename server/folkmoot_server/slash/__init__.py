"""Slash commands: a row each in `registry.COMMANDS`, a function each in the modules beside it."""
