"""A bot that says what it is told: `!echo hello`, and puts a wave to every message that greets."""

from running import run

from folkmoot_client.sdk import Bot, Message


def make_bot(url: str, token: str) -> Bot:
    """Return the bot, ready to run."""
    bot = Bot(url, token)

    @bot.command("echo")
    async def echo(message: Message, text: str) -> None:
        await message.reply(text or "Say what: !echo TEXT")

    @bot.on_message
    async def wave(message: Message) -> None:
        if message.text.casefold().startswith(("hello", "hi ", "good day", "你好")):
            await message.react("👋")

    return bot


if __name__ == "__main__":
    run(make_bot)
