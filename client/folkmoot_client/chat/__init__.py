"""`folkmoot chat`: a line client for people."""
