"""Platform administration over the protocol, as `folkmoot admin` asks for it: a function for each of its rows."""
