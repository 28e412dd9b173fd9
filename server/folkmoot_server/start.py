"""The console script `folkmoot`, which says what to install where that is missing."""

import sys


def main() -> None:
    """Run the command line; the package alone is the SDK, and lacks what that takes."""
    try:
        from .cli import main as folkmoot
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("folkmoot"):
            raise
        sys.exit(f"folkmoot: {missing.name} is missing: pip install 'folkmoot[server]', or 'folkmoot[client]' to chat.")
    folkmoot()
