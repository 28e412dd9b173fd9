"""Accounts: signing in, commands on them, their credit."""
