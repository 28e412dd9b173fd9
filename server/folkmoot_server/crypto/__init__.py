"""Keys, ciphers and passwords."""
