"""A bridge between a group and a program's standard input and output: `tail -f log | python examples/bridge.py CODE`.

Each line that comes in is posted, and each message is printed as `user<TAB>text`.
"""

import asyncio
import sys

from running import run

from folkmoot_client.sdk import Bot, Message


def make_bot(url: str, token: str, group: str | None = None) -> Bot:
    """Return the bot, ready to run. `group` is the code of the group that lines go to."""
    code = group or sys.argv[1]
    bot = Bot(url, token, prefix="\0")  # it has no commands

    @bot.on_message
    async def print_it(message: Message) -> None:
        print(message.author.user, " ".join(message.text.splitlines()), sep="\t", flush=True)

    @bot.on_start
    async def feed() -> None:
        while line := await asyncio.to_thread(sys.stdin.readline):
            if line.strip():
                await bot.post(code, line.rstrip("\n"))

    return bot


if __name__ == "__main__":
    run(make_bot)
