"""Every text that somebody can type is in the table of texts: requests, slash commands, administration, forms."""

from msgspec import inspect

from folkmoot_governance.published import TEXTS
from folkmoot_protocol.admin.registry import VERBS
from folkmoot_protocol.admin.row import options_of
from folkmoot_protocol.requests import REQUESTS
from folkmoot_protocol.types import ArgumentKind
from folkmoot_server.slash.registry import COMMANDS

ENTERS = [place for row in TEXTS for place in row.enters]

NAMES = {
    "repost",
    *("user", "password", "otp", "token", "version", "agreement", "language", "invitation", "case", "before", "up_to"),
    *("category", "group", "nonce", "after", "cursors", "noun", "verb", "target", "options", "cursor"),
    *("new", "device", "code", "ids", "id", "handle"),
}
"""Fields of requests that name something there is, or are for the server or oneself alone."""

ELSEWHERE = {
    "command.line": "a slash command: its arguments are listed",
    "recover.number": "a number that is compared with one that was verified, and shown to nobody",
    "search.text": "what is looked for is shown to nobody",
    "report.reason": "one of the operator's reasons for reports, by its name",
    "admin.text": "a file of rules, which is shown to nobody",
}

WORDS = {
    "/search text…",
    "/report reason",
    "/repost @channel/seq|seq",
    "/appeal case",
    "/counter case",
    "/notices before",
    "/verify number",
    "/account name",
    "/ladder [steps…|default|off]",
    "/purge [since] [confirm <seq>]",
    "/react @user|all",
    "/slow [duration|off]",
    "/queue approve|deny",
    "/queue number",
    "/approve @user…|all",
    "/deny @user|all",
    "/uninvite @user|number",
    "/antiraid on|off",
    "/log [@user] [kind] [since] [before number]",
    "/promote permissions…|none",
    "/rights ±permission…",
    "/transfer @user|accept|cancel",
    "/heir @user|off",
    "/category name",
    "/word add|del|list|test",
    "/bot add|list|token|remove",
    "/webhook in|out|list|token|remove",
    "/infopage on|off",
    "/export after",
    "/rectify case",
    "/dissolve code",
    "/sessions id|others",
    "/proof case",
    "/mydata next",
    "/invite duration uses",
}
"""Arguments that are read for what they name: nobody is shown them."""


def has_text(kind: inspect.Type) -> bool:
    """Say whether a field can be a string of one's own."""
    if isinstance(kind, inspect.UnionType):
        return any(map(has_text, kind.types))
    if isinstance(kind, inspect.DictType):
        return has_text(kind.key_type) or has_text(kind.value_type)
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return has_text(kind.item_type)
    if isinstance(kind, inspect.StructType):
        return any(has_text(field.type) for field in kind.fields)
    return isinstance(kind, inspect.StrType)


def test_every_text_of_a_request_is_in_the_table() -> None:
    found = set()
    for name, request in REQUESTS.items():
        shape = inspect.type_info(request)
        assert isinstance(shape, inspect.StructType)
        found |= {(name, field.name) for field in shape.fields if has_text(field.type)}
    texts = {f"{name}.{field}" for name, field in found if field not in NAMES} - ELSEWHERE.keys()
    assert texts == {place for place in ENTERS if "." in place and not place.startswith(("/", "form."))} - {
        "register.user"
    }


def test_every_text_of_a_slash_command_is_in_the_table() -> None:
    read = (ArgumentKind.TEXT,)
    found = {f"/{row.name} {one.shown}" for row in COMMANDS for one in row.arguments if one.kind in read}
    assert found - WORDS == {place for place in ENTERS if place.startswith("/")}
    assert not WORDS - found, "no longer there"


def test_every_text_of_administration_is_in_the_table() -> None:
    """Reasons, and options that are words of one's own."""
    names = {
        "rule",
        "entry",
        "case",
        "group",
        "seqs",
        "author",
        "member",
        "number",
        "report",
        "of",
        "id",
        "scope",
        "act",
        "to",
        "since",
        "until",
        "word",
        "account",
        "category",
        "sha256",
    }
    texts = set()
    for verb in VERBS.values():
        texts |= {one.name for one in options_of(verb) if one.kind is str and not one.choices} - names
    assert {f"admin {name}" for name in texts} == {place for place in ENTERS if place.startswith("admin ")}
