"""What the README and the guides have people type happens as they tell, to an overturned mute."""

from pathlib import Path

import pytest

from bench.newcomer import play, stories
from tests.integration.server import Launch

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "README.zh-CN.md", "docs/guides/first-minutes.md", "docs/guides/zh/first-minutes.md")


@pytest.mark.parametrize("page", PAGES)
async def test_a_newcomer_gets_to_an_overturned_mute(page: str, launch: Launch) -> None:
    server = launch()
    told = stories(ROOT / page)
    answers = await play(server.url, told)
    [muted] = [answer for answer in answers if answer and answer.data.get("event") == "muted"]
    [appeal] = [text for _, text in told if text.split()[0] in ("/appeal", "/申诉")]
    # The number that the page shows is the one that the mute has.
    assert str(muted.data["case"]).split("-")[-1] == appeal.split()[1].split("-")[-1]
    assert answers[-1] is None and told[-1].user == "ben", "ben talks again"
