"""Ledger and journal: what they promise (`api`), and how SQLite and PostgreSQL keep it."""
