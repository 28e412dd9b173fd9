"""Requests of clients: one row in `dispatch` and one thin handler each."""
