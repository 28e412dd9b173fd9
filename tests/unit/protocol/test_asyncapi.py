"""The document is whole in itself, and docs/protocol.md names exactly what it names."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from folkmoot_protocol import (
    EVENTS,
    JSON,
    REQUESTS,
    EntryKind,
    GroupStatus,
    Identity,
    JoinMode,
    LeftReason,
    Role,
)
from folkmoot_protocol.asyncapi import asyncapi
from folkmoot_protocol.types import ArgumentKind, LinkRule

PAGE = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text(encoding="utf-8")
DOCUMENT: dict[str, Any] = asyncapi()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OBJECTS = ("Account", "Notice", "Group", "Member", "CommandArgument", "Entry", "Channel", "ChannelPost")


def find_refs(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(ref := value.get("$ref"), str):
            yield ref
        for inner in value.values():
            yield from find_refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from find_refs(inner)


def follow(ref: str) -> Any:
    value: Any = DOCUMENT
    for step in ref.removeprefix("#/").split("/"):
        value = value[step]
    return value


def get_payload(message: str) -> Any:
    return follow(DOCUMENT["components"]["messages"][message]["payload"]["$ref"])


def list_names(schema: Any, *, but: frozenset[str]) -> set[str]:
    """Return the property names of a schema and of those that it refers to, except those in `but`."""
    names = set(schema.get("properties", {}))
    for ref in find_refs(schema):
        name = ref.rpartition("/")[2]
        if name not in but:
            names |= list_names(SCHEMAS[name], but=but)
    return names


def read_table(header: str) -> dict[str, list[str]]:
    """Return the rows of all tables with that header: the other cells by the name in the first."""
    rows: dict[str, list[str]] = {}
    for table in re.findall(rf"^\| {header} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE):
        for line in table.splitlines():
            name, *cells = re.split(r" \| ?(?!\|)", line.removeprefix("| ").removesuffix("|"))
            rows[name.strip("`")] = cells
    return rows


def read_fields(cell: str) -> dict[str, bool]:
    """Return the fields in a table's cell, by name, and whether each is required."""
    cell = re.sub(r"\([^)]*\)", "", cell)
    return {name: not optional for name, optional in re.findall(r"`(\w+)`(\??)", cell)}


def read_quoted(text: str) -> set[str]:
    """Return the keys in something like `{"name", "aliases": [str]}`, not its values."""
    return set(re.findall(r'(?<!: )"(\w+)"', text))


def read_object(name: str) -> str:
    """Return the part of the page that defines an object, up to the next one or the end of the paragraph."""
    found = re.search(rf"^{name}: `\{{.*?(?=\n\n|\n[A-Z]\w+: `)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[0]


def get_fields(schema: Any, *, without: frozenset[str]) -> dict[str, bool]:
    return {name: name in schema["required"] for name in schema["properties"] if name not in without}


REQUEST_ROWS = read_table("request")
EVENT_ROWS = read_table("event")


def test_every_reference_leads_somewhere() -> None:
    refs = set(find_refs(DOCUMENT))
    assert len(refs) > 100
    for ref in refs:
        assert follow(ref)


def test_the_document_is_plain_json() -> None:
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT
    assert DOCUMENT["asyncapi"] == "3.0.0"


def test_every_request_has_an_operation_with_its_reply() -> None:
    for name in REQUESTS:
        reply = DOCUMENT["operations"][name]["reply"]["messages"]
        assert [ref["$ref"].rpartition("/")[2] for ref in reply] == [f"ok.{name}", "error"]


def test_the_page_names_the_requests() -> None:
    received = {name for name, what in DOCUMENT["operations"].items() if what["action"] == "receive"}
    assert set(REQUEST_ROWS) == received


@pytest.mark.parametrize("name", REQUESTS)
def test_the_page_names_a_requests_fields(name: str) -> None:
    schema = get_payload(f"request.{name}")
    assert schema["properties"]["type"] == {"enum": [name]}
    assert read_fields(REQUEST_ROWS[name][0]) == get_fields(schema, without=frozenset(("type", "id")))


@pytest.mark.parametrize("name", REQUESTS)
def test_the_page_names_a_results_fields(name: str) -> None:
    payload = DOCUMENT["components"]["messages"][f"ok.{name}"]["payload"]["properties"]["result"]
    said = REQUEST_ROWS["login" if REQUEST_ROWS[name][1].startswith("as `login`") else name][1]
    if name == "post":
        said += re.findall(r"its `ok` carries `([^`]+)`", PAGE)[0]
    assert read_quoted(said) == list_names(follow(payload["$ref"]), but=frozenset(OBJECTS))


def test_the_page_names_the_events() -> None:
    sent = {name for name, what in DOCUMENT["operations"].items() if what["action"] == "send"}
    assert {f"event.{name}" for name in (*EVENT_ROWS, "hello")} == sent


@pytest.mark.parametrize("name", EVENTS)
def test_the_page_names_an_events_fields(name: str) -> None:
    assert read_fields(EVENT_ROWS[name][0]) == get_fields(get_payload(f"event.{name}"), without=frozenset(("type",)))


@pytest.mark.parametrize("name", OBJECTS)
def test_the_page_names_an_objects_fields(name: str) -> None:
    assert read_quoted(read_object(name)) == list_names(SCHEMAS[name], but=frozenset(OBJECTS))


def test_the_page_names_what_a_hello_holds() -> None:
    found = re.search(r'^    (\{"type": "hello".*?\n)\n', PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    hello = json.loads(found[1])
    schema = get_payload("event.hello")
    assert set(hello) == set(schema["properties"]) == set(schema["required"])
    for name in ("limits", "agreement"):
        assert set(hello[name]) == set(SCHEMAS[name.capitalize()]["properties"])
    assert JSON.decode_frame(found[1]) is not None


def test_the_page_names_what_replies_hold() -> None:
    lines = re.findall(r'^    (\{"type": "(?:ok|error)".*\})$', PAGE, re.MULTILINE)
    ok, error = (json.loads(line.replace("{...}", "{}")) for line in lines)
    assert set(ok) == set(SCHEMAS["Ok"]["required"])
    assert set(error) == set(SCHEMAS["Error"]["required"])


def test_the_pages_request_is_decoded() -> None:
    found = re.search(r'^    (\{"type": "post".*\})$', PAGE, re.MULTILINE)
    assert found is not None
    assert JSON.decode_request(found[1]).id == 7


def test_the_page_names_the_error_codes() -> None:
    section = PAGE.partition("\n## Error codes\n\n")[2].partition("\n\n")[0]
    assert re.findall(r"`(\w+)`", section) == list(DOCUMENT["x-errors"])


def test_the_page_names_the_close_codes() -> None:
    section = PAGE.partition("\n## Transport\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"\b(1\d{3}|4[0-4]\d{2})\b", section)) == set(DOCUMENT["x-closes"])


def test_the_page_names_the_subprotocols() -> None:
    rows = [name for name in read_table("subprotocol") if name != "none offered"]
    assert rows == [row["name"] for row in DOCUMENT["channels"]["ws"]["x-subprotocols"]]


@pytest.mark.parametrize(
    "values", [Role, JoinMode, GroupStatus, EntryKind, Identity, LeftReason, LinkRule, ArgumentKind]
)
def test_the_page_names_the_values(values: Any) -> None:
    assert re.search(rf'[`"]{re.escape("|".join(values))}[`"]', PAGE)
    assert SCHEMAS[values.__name__]["enum"] == sorted(values)
