"""Ledger and journal: what they promise (`api`) and how SQLite keeps it (`sqlite`)."""
