"""Ledger and journal on PostgreSQL, for several nodes."""
