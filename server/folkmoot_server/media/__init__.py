"""Bytes of pictures, sound and films: made anew in a process of its own, and kept in an object store."""
