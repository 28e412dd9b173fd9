"""The reference: every message to everybody in its group with `websockets.broadcast`, and nothing else.

No accounts, no rules, no storage. A group is what stands in the path; a message gets its number in the group in front.
"""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

groups: dict[str, set[ServerConnection]] = defaultdict(set)
numbers: Counter[str] = Counter()


async def handle(connection: ServerConnection) -> None:
    """Serve a member of the group that the path names."""
    assert connection.request is not None
    group = connection.request.path
    groups[group].add(connection)
    try:
        async for message in connection:
            numbers[group] += 1
            broadcast(groups[group], f"{numbers[group]} {message!s}")
    finally:
        groups[group].discard(connection)


async def main(ready_file: Path) -> None:
    """Serve on a free port, written to the file as `folkmoot serve` does, until the process is ended."""
    server = await serve(handle, "127.0.0.1", 0, compression=None, backlog=4096)
    port = next(iter(server.sockets)).getsockname()[1]
    partial = ready_file.with_name(f"{ready_file.name}.partial")
    partial.write_text(json.dumps({"ws": f"ws://127.0.0.1:{port}"}))
    partial.rename(ready_file)
    await server.wait_closed()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
