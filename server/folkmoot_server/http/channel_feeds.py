"""Feeds of channels: Atom (RFC 4287) and JSON Feed 1.1. A post is known by its address, which is no other's ever."""

import re

import msgspec

from folkmoot_governance.group.edit import changed_ts
from folkmoot_protocol.results import HomeResult
from folkmoot_protocol.types import Channel

from ..common.pages import templates
from .channel_views import HTML_LINES, Place, iso, marked, marks_of, media_of, title_of, words_of
from .imprint import imprint_data

ATOM = "application/atom+xml; charset=utf-8"
JSON_FEED = "application/feed+json; charset=utf-8"

LONGEST = 4000
"""Characters of a post in a feed."""

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def in_xml(text: str) -> str:
    """Return a text without the characters that XML 1.0 cannot hold."""
    return _NOT_IN_XML.sub("\ufffd", text)


def as_atom(channel: Channel, page: HomeResult, place: Place) -> bytes:
    """Return the feed as Atom."""
    say = place.say()
    fields = {
        "language": place.language,
        "channel": channel,
        "home": place.of(channel),
        "site": place.url,
        "updated": iso(max([channel.created_ts, *(changed_ts(post.entry) for post in page.posts)])),
        "subtitle": " · ".join([*([channel.topic] if channel.topic else []), *marks_of(channel, place)]),
        "labels": channel.labels,
        "rights": " · ".join(f"{say(label)}: {value}" for _key, label, value in place.imprint),
        "entries": [
            {
                "url": place.of(channel, post.entry.seq),
                "title": title_of(post, say),
                "time": iso(post.entry.ts),
                "changed": iso(changed_ts(post.entry)),
                "html": _html(words_of(post, say, LONGEST)),
                "media": media_of(post.entry),
            }
            for post in page.posts
        ],
    }
    return in_xml(templates().get_template("feed.xml").render(fields)).encode()


def _html(text: str) -> str:
    """Return a text as HTML."""
    return str(marked(text, HTML_LINES))


def as_json_feed(channel: Channel, page: HomeResult, place: Place) -> bytes:
    """Return the feed as JSON Feed. What it has no name for is under `_folkmoot`."""
    home, say = place.of(channel), place.say()
    items = [
        {
            "id": place.of(channel, post.entry.seq),
            "url": place.of(channel, post.entry.seq),
            "title": title_of(post, say),
            "content_text": words_of(post, say, LONGEST),
            "date_published": iso(post.entry.ts),
            "date_modified": iso(changed_ts(post.entry)),
            "attachments": [
                {"url": place.url + one.path, "mime_type": one.type, "title": one.alt, "size_in_bytes": one.size}
                for one in media_of(post.entry)
            ],
        }
        for post in page.posts
    ]
    data = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.name,
        "home_page_url": home,
        "feed_url": f"{home}/feed.json",
        "description": channel.topic or channel.name,
        "language": place.language,
        "authors": [{"name": channel.name, "url": home}],
        **({"next_url": f"{home}/feed.json?before={page.cursor}"} if page.cursor else {}),
        "_folkmoot": {
            "marks": marks_of(channel, place),
            "labels": channel.labels,
            "operator": imprint_data(place.imprint),
        },
        "items": items,
    }
    return msgspec.json.encode(data)
