"""Platform administration over the protocol: what `folkmoot admin` speaks to. A row each in `table`."""
