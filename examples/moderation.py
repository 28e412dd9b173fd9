"""A bot that keeps a group: it deletes what repeats itself, warns whoever does it, and mutes at the third time.

It must be an admin of the group; each act is on record with its reason, and whoever it hits may appeal.
"""

from collections import Counter, defaultdict, deque
from datetime import timedelta

from running import run

from folkmoot_client.sdk import Bot, Message

LAST = 5
PATIENCE = 2


def make_bot(url: str, token: str) -> Bot:
    """Return the bot, ready to run."""
    bot = Bot(url, token)
    said: defaultdict[tuple[str, str], deque[str]] = defaultdict(lambda: deque(maxlen=LAST))
    warned: Counter[tuple[str, str]] = Counter()

    @bot.on_message
    async def look(message: Message) -> None:
        who = message.group, message.author.user
        text = " ".join(message.text.casefold().split())
        if text not in said[who]:
            said[who].append(text)
            return
        await message.acts.delete(message.entry.seq, "The same was said a moment ago.")
        warned[who] += 1
        if warned[who] > PATIENCE:
            await message.acts.mute(message.author.user, timedelta(minutes=10), "Said the same again and again.")
            warned[who] = 0
        else:
            await message.acts.warn(message.author.user, "Please do not repeat yourself.")

    return bot


if __name__ == "__main__":
    run(make_bot)
