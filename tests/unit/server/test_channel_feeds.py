"""What stands in feeds of channels about when something was published, and given another text."""

import json
from xml.etree import ElementTree as ET

from folkmoot_governance.group.edit import as_it_stands
from folkmoot_protocol.results import HomeResult
from folkmoot_protocol.types import Channel, ChannelForm, ChannelPost, EntryKind, GroupStatus
from folkmoot_server.http.channel_feeds import as_atom, as_json_feed
from folkmoot_server.http.channel_views import Place
from tests.builders.entries import make_entry

ATOM = "{http://www.w3.org/2005/Atom}"
CHANNEL = Channel(
    id="482190673352",
    handle="star",
    form=ChannelForm.PERSONAL,
    name="Star",
    topic="",
    category="general",
    state=GroupStatus.ACTIVE,
    created_ts=0,
)
PLACE = Place("https://example.org", "en", {}, (), can_report=False)
POSTED, EDITED, LATER = "2026-11-30T10:00:00Z", "2026-11-30T12:00:00Z", "2026-11-30T11:00:00Z"
POSTED_TS = 1_796_032_800_000
HOUR_MS = 3_600_000


def test_what_was_edited_is_new_from_then_on_and_published_as_before() -> None:
    post = make_entry(7, "star", ts=POSTED_TS, kind=EntryKind.POST, body="Frist")
    edit = make_entry(9, "star", ts=POSTED_TS + 2 * HOUR_MS, kind=EntryKind.EDIT, target=7, body="First")
    later = make_entry(8, "star", ts=POSTED_TS + HOUR_MS, kind=EntryKind.POST, body="Second")
    entries = (later, as_it_stands(post, [edit]))
    page = HomeResult(
        posts=tuple(ChannelPost(group=CHANNEL.id, entry=one) for one in entries), channels=(), cursor=None
    )
    feed = ET.fromstring(as_atom(CHANNEL, page, PLACE))
    assert feed.findtext(f"{ATOM}updated") == EDITED
    times = [
        [node.findtext(f"{ATOM}{name}") for name in ("published", "updated")] for node in feed.iter(f"{ATOM}entry")
    ]
    assert times == [[LATER, LATER], [POSTED, EDITED]]
    items = json.loads(as_json_feed(CHANNEL, page, PLACE))["items"]
    assert [[one["date_published"], one["date_modified"]] for one in items] == times
