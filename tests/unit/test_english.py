"""English as people say it: turns of phrase that are not, found in texts before anybody reads them."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from folkmoot_server.http.page_words import WORDS

VERB = "is|has|was|does|asks|appeals|wants|owns|wrote|runs|reads|follows|joins|gets|closes|decides|waits|lost|took|made"
UNLIKELY = {
    "`who is suspended cannot sign in`: those who": rf"(?:^|[.;] )Who (?:{VERB})\b[^?.;]* (?:can|cannot|may|is)\b",
    "`to who reads Chinese`: to those who, to whoever": rf"\b(?:to|of|by|for|somebody else than) who (?:{VERB})\b",
    "`to whom of the staff`, `whom it hits`: the one who": r"(?:^|[.;:] )Whom? .*\b(?:hits|of the)\b",
    "`this takes the role`: needs": r"\btakes? (?:the role|a (?:verified|licence|second)|approval|two)\b",
    "`belongs into`: belongs in, can only be used in": r"\bbelongs? into\b",
    "`10 is no duration`: is not a": r"(?<!there )\b(?:is|are) no (?!longer|more|other|room|space|way|need)[a-z]+\b",
    "`carry another name`": r"\bcarry (?:another|a) name\b",
    "`put an emoji to`: react with": r"\bput an emoji\b",
    "`let into`: accepted, declined": r"\b(?:was|were) (?:not )?let into\b",
    "`is to be mended`: put right": r"\bmend(?:ed|s)?\b",
    "`beside its owner`: besides": r"\bbeside (?:its|the|their) owner\b",
    "`somebody else than`: other than": r"\bsomebody else than\b",
}


def texts_of(package: str) -> list[str]:
    path = Path(str(files(package))) / "locale" / "zh_CN" / "LC_MESSAGES" / "folkmoot.po"
    texts = [one.id for one in read_po(path.read_bytes().decode().splitlines(keepends=True)) if one.id]
    return [form for text in texts for form in ([text] if isinstance(text, str) else text)]


TEXTS = {"server": texts_of("folkmoot_server"), "client": texts_of("folkmoot_client"), "page": [*WORDS.values()]}


@pytest.mark.parametrize(
    "text",
    [
        "Who is suspended cannot sign in.",
        "It is shown to who reads Chinese.",
        "This takes the role admin; yours is member.",
        "This command belongs into a group.",
        "10 is no duration.",
        "Carry another name in this group",
        "Put an emoji to an entry",
        "You were not let into Film club",
    ],
)
def test_what_was_found_once_is_found_again(text: str) -> None:
    assert any(re.search(pattern, text, re.IGNORECASE) for pattern in UNLIKELY.values())


@pytest.mark.parametrize("source", TEXTS)
@pytest.mark.parametrize("kind", UNLIKELY)
def test_texts_are_english_as_it_is_said(source: str, kind: str) -> None:
    texts = TEXTS[source]
    assert len(texts) > 50
    assert [text for text in texts if re.search(UNLIKELY[kind], text, re.IGNORECASE)] == []
