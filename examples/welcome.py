"""A bot that greets who joins with a question, and says thank you for the answer."""

from running import run

from folkmoot_client.sdk import Bot, Message

QUESTION = "Welcome, @{user}! What brings you here?"


def make_bot(url: str, token: str) -> Bot:
    """Return the bot, ready to run."""
    bot = Bot(url, token)
    asked: set[tuple[str, str]] = set()

    @bot.on_join
    async def ask(bot: Bot, group: str, user: str) -> None:
        asked.add((group, user))
        await bot.post(group, QUESTION.format(user=user))

    @bot.on_message
    async def thank(message: Message) -> None:
        who = message.group, message.author.user
        if who in asked:
            asked.discard(who)
            await message.reply("Thank you. Type /rules to see what holds here.")

    return bot


if __name__ == "__main__":
    run(make_bot)
