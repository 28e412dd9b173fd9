"""The shell around the rules: sockets, storage, fan-out, jobs, pages, and the command `folkmoot`."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("folkmoot")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0"
