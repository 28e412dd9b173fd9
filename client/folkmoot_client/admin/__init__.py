"""`folkmoot admin`: platform administration over the wire protocol."""
