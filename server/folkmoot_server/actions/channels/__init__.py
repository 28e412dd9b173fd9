"""Channels: opening them, following them, publishing in them, reading them."""
