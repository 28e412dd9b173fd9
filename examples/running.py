"""How the examples are run: FOLKMOOT_SERVER and FOLKMOOT_TOKEN say where, and as whom. See README.md beside this."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable

from folkmoot_client.sdk import Bot, ClientError


def run(make_bot: Callable[[str, str], Bot]) -> None:
    """Run a bot until it is told to end by Ctrl-C, or the session ends."""
    logging.basicConfig(level=logging.INFO)
    try:
        token = os.environ["FOLKMOOT_TOKEN"]
    except KeyError:
        sys.exit("Set FOLKMOOT_TOKEN: examples/README.md says how to get one.")
    try:
        asyncio.run(make_bot(os.environ.get("FOLKMOOT_SERVER", "ws://127.0.0.1:8765/ws"), token).run())
    except KeyboardInterrupt:
        pass
    except ClientError as error:
        sys.exit(str(error))
