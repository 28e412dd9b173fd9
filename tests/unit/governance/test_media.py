"""Who may upload, post and see pictures, sound and films."""

from typing import Any

import pytest

from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.group.events import LinksSet
from folkmoot_governance.media import (
    REASONS,
    Media,
    MediaState,
    check_postable,
    check_size,
    may_see,
    refused,
)
from folkmoot_governance.published import ENTRY, check_text
from folkmoot_protocol.types import Identity, JoinMode, LinkRule
from tests.builders import rules

BOUNDS: dict[str, object] = {"pixels": 9, "frames": 3, "seconds": 60, "kinds": "JPEG"}


def media(name: str, state: MediaState, user: str = "mia", **more: Any) -> Media:
    return Media(id=name, user=user, state=state, created_ts=1, until_ms=DAY_MS, month="2026-11", **more)


@pytest.mark.parametrize(
    ("size", "used", "code"),
    [(10, 0, None), (11, 0, "too_long"), (10, 90, None), (10, 91, "media_quota"), (1, 100, "media_quota")],
)
def test_an_upload_is_within_its_size_and_that_of_the_day(size: int, used: int, code: str | None) -> None:
    refusal = check_size(size, 10, used, 100)
    assert (refusal and refusal.code) == code
    assert refusal is None or rules.tell_refusal(refusal)
    assert check_size(10, 10, 10**12, 0) is None, "no bound of the day"


def test_a_post_shows_what_is_its_authors_ready_and_shown_nowhere_else() -> None:
    ready = media("a", MediaState.READY)
    others = media("b", MediaState.READY, "ben")
    cases = {
        ("a",): None,
        ("b",): "media_refused",
        ("nowhere",): "media_refused",
        ("a", "a"): "media_refused",
        ("a", "posted"): "media_refused",
        ("pending",): "media_pending",
    }
    found = [ready, others, *(media(state.value, state) for state in MediaState)]
    for wanted, code in cases.items():
        refusal = check_postable(wanted, found, "mia", 1, BOUNDS)
        assert (refusal and refusal.code) == code, wanted
        assert refusal is None or rules.tell_refusal(refusal)
    for state in MediaState:
        assert (check_postable([state.value], found, "mia", 1, BOUNDS) is None) == (state is MediaState.READY)


def test_each_reason_is_a_sentence() -> None:
    for reason in REASONS:
        assert rules.tell_refusal(refused(reason, BOUNDS, media="a"))


def test_members_see_what_is_posted_and_its_uploader_what_is_not() -> None:
    group = rules.make_group()
    owner = group.owner
    for state in MediaState:
        is_posted = state in (MediaState.POSTED, MediaState.REMOVED)
        one = media("a", state, "ben")
        assert may_see(one, owner, group) == is_posted
        assert may_see(one, "ben", group) == (state is MediaState.READY)
        assert not may_see(one, "ben", None) or state is MediaState.READY


@pytest.mark.parametrize("links", list(LinkRule))
@pytest.mark.parametrize("said", ["", "look"])
def test_links_cover_media(links: LinkRule, said: str) -> None:
    group = rules.make_group(rules.e.MemberJoined(at=rules.NOW, by="mia", user="mia", via=JoinMode.OPEN))
    if links is not LinkRule.ON:
        rules.apply(group, LinksSet(at=rules.NOW, by=group.owner, links=links))

    def post(user: str) -> str | None:
        refusal = check_text(ENTRY, said, user, Identity.PERSON, (), group, rules.NOW, rules.POLICY, media=1)
        return rules.tell_refusal(refusal) if refusal else None

    assert (post("mia") is None) == (links is LinkRule.ON)
    assert post(group.owner) is None
    blank = check_text(ENTRY, "", group.owner, Identity.PERSON, (), group, rules.NOW, rules.POLICY)
    assert blank is not None, "without media there is nothing to see"
