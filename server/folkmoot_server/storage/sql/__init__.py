"""Ledger and projections in SQL, from one set of definitions for both databases."""
