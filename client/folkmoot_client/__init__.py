"""Folkmoot's client side: an asyncio SDK, terminal chat, administration, replay, and the web page."""
