"""The shell around the rules: sockets, storage, fan-out, jobs, pages, and the command `folkmoot`."""
