"""Content rules: what may be said. Pure: loading rule files is the server's."""
