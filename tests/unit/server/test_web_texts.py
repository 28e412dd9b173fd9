"""What the page in the browser says, as the server gives it."""

import re
from importlib.resources import files

import msgspec
import pytest

from folkmoot_governance.notices import TELLINGS
from folkmoot_server.common.i18n import LANGUAGES
from folkmoot_server.http.page_words import WORDS
from folkmoot_server.http.web_texts import texts_in

WEB = files("folkmoot_client") / "web"


@pytest.mark.parametrize("language", LANGUAGES)
def test_notices_and_values_are_there_in_each_language(language: str) -> None:
    found = msgspec.json.decode(texts_in(language).body)
    public = {kind.__struct_config__.tag for kind, telling in TELLINGS.items() if telling.public}
    assert found["notices"].keys() == public
    assert all(one["text"] for one in found["notices"].values())
    assert found["notices"]["purged"]["number"] == "count"
    assert found["notices"]["slow_mode"]["unset"]
    assert found["labels"]["role"].keys() >= {"owner", "admin", "member"}
    assert "spam" in found["labels"]["reason"]


def test_the_scripts_name_no_text_that_is_not_there() -> None:
    names = WORDS.keys() | {"language"}
    for file in WEB.iterdir():
        if file.name.endswith((".js", ".html")):
            used = re.findall(r'\bt\("(\w+)"|data-t(?:-\w+)?="(\w+)"', file.read_text("utf-8"))
            assert {one or other for one, other in used} - names == set(), file.name
