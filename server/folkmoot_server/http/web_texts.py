"""What the web client says, in a language, so that it is written once: its own texts, how acts are told, and values as
people read them."""

from functools import cache
from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from folkmoot_governance.case.rules import REASON_NAMES
from folkmoot_governance.notices import TELLINGS, Telling
from folkmoot_governance.text import Counted

from ..common.i18n import LANGUAGES, catalogue
from ..common.labels import LABELS
from .page_words import WORDS
from .responses import JSON, Content, answer

SAID = {
    "join_mode",
    "role",
    "permission",
    "links",
    "comments",
    "verdict",
    "category",
    "grade",
    "level",
    "shown",
    "state",
}
"""The fields whose values the page says, in notices, menus and tags."""

OTHER = {"en": "中文", "zh-CN": "English"}
"""What the button is called, in each language, that changes to the other one."""


async def web_texts(request: Request) -> Response:
    """Return the texts in a language."""
    language = request.path_params["language"]
    if language not in LANGUAGES:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return answer(request, texts_in(language))


@cache
def texts_in(language: str) -> Content:
    """Return `words` (name -> what the page says), `notices` (event -> how it is told) and `labels` (field -> value
    -> how it is said), made once."""
    say = catalogue(language).gettext
    tables = {field: table for field, table in LABELS.items() if field in SAID} | {"reason": REASON_NAMES}
    labels = {field: {value: say(text) for value, text in table.items()} for field, table in tables.items()}
    notices = {
        kind.__struct_config__.tag: told(telling, language) for kind, telling in TELLINGS.items() if telling.public
    }
    words = {name: say(text) for name, text in WORDS.items()} | {"language": OTHER[language]}
    return Content(msgspec.json.encode({"words": words, "notices": notices, "labels": labels}), JSON)


def told(telling: Telling, language: str) -> object:
    """Return how an event is told: a text, or `text` and `unset` where its `field` is empty, `one` where `number` is 1,
    or `each`."""
    say = catalogue(language).gettext
    found: dict[str, object] = {"text": str(say(telling.text))}
    if isinstance(telling.text, Counted):
        texts = catalogue(language)
        one, many = (str(texts.ngettext(telling.text.one, telling.text, count)) for count in (1, 2))
        found = {"text": many, "one": one, "number": telling.text.number}
    if telling.field:
        found |= {"field": telling.field, "unset": say(telling.unset)}
    if telling.each:
        found["each"] = {value: say(text) for value, text in telling.each.items()}
    return found if len(found) > 1 else found["text"]
