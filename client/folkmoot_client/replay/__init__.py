"""`folkmoot replay`: plays a transcript through real client connections, one per nick."""
