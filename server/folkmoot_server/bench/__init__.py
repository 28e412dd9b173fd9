"""`folkmoot bench`: a server under load, and a bare `websockets.broadcast` beside it under the same load.

Four processes: the command (`run`) starts a server, or the reference (`reference`), on one core and the load generator
(`generator`) on another. `stream` has the generator's checks, `report` what is printed.
"""
