"""Ledger and journal on SQLite, for one process: one writer's thread, a file for each month."""
