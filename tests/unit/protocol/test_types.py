"""What is on the wire and what is left out: the structs against plain JSON."""

import msgspec
import pytest

from folkmoot_protocol import (
    EVENTS,
    FRAMES,
    JSON,
    REQUESTS,
    RESULTS,
    CommandResult,
    EntryEvent,
    Error,
    ErrorCode,
    LagEvent,
    Ok,
    Post,
    PostResult,
    Role,
)
from tests.builders.entries import make_entry

ENTRY = make_entry(1, "bob", Role.OWNER, ts=2, body="")


def plain(struct: msgspec.Struct) -> object:
    return msgspec.json.decode(JSON.encode(struct))


def test_an_entry_shows_what_is_always_there_and_no_more() -> None:
    author = {"user": "bob", "display_name": "Bob", "role": "owner"}
    entry = {"seq": 1, "ts": 2, "kind": "text", "from": author, "body": ""}
    assert plain(EntryEvent("482190673352", ENTRY)) == {
        "type": "entry",
        "group": "482190673352",
        "entry": entry,
    }


def test_a_redacted_entry_says_so() -> None:
    entry = plain(msgspec.structs.replace(ENTRY, redacted=True))
    assert isinstance(entry, dict)
    assert entry["redacted"] is True


def test_a_request_leaves_out_what_was_not_given() -> None:
    assert plain(Post(id=7, group="1", body="")) == {"type": "post", "id": 7, "group": "1", "body": ""}


def test_a_lag_names_its_ends_from_and_to() -> None:
    assert plain(LagEvent("1", 5, to=9)) == {"type": "lag", "group": "1", "from": 5, "to": 9}


def test_an_error_always_has_its_detail() -> None:
    frame = Error(7, ErrorCode.MUTED, "You are muted.", {})
    assert plain(frame) == {
        "type": "error",
        "re": 7,
        "code": "muted",
        "message": "You are muted.",
        "detail": {},
    }


def test_a_slash_command_answers_a_post_without_seq_and_ts() -> None:
    answer = Ok(7, PostResult(command=CommandResult("done", {})))
    assert plain(answer) == {"type": "ok", "re": 7, "result": {"command": {"text": "done", "data": {}}}}


def test_structs_are_frozen() -> None:
    with pytest.raises(AttributeError):
        ENTRY.body = "other"  # type: ignore[misc]


@pytest.mark.parametrize("table", [REQUESTS, FRAMES], ids=["requests", "frames"])
def test_the_tables_agree_with_the_tags(table: dict[str, type[msgspec.Struct]]) -> None:
    assert {name: struct.__struct_config__.tag for name, struct in table.items()} == {name: name for name in table}


def test_every_request_has_a_result_and_every_event_is_a_frame() -> None:
    assert list(RESULTS) == list(REQUESTS.values())
    assert set(FRAMES) - set(EVENTS) == {"hello", "ok", "error"}
