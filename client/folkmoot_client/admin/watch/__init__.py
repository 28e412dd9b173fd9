"""`folkmoot admin watch`: a live view of what waits for staff, worked through by keyboard."""
