"""A year of credit in small, through the rules with the credit that the server ships: who is honest stays, who is not
sinks within a day, and nobody pays twice for one offence. `bench/credit_year.py` plays it in full."""

import json
from pathlib import Path

import pytest

from bench.credit_year import Year, draw, play
from folkmoot_server.config.policy import credit_of
from folkmoot_server.config.settings import Config

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    abuse = tmp_path_factory.mktemp("abuse") / "abuse.jsonl"
    labels = ["spam", "spam", "offensive", "ham", "fraud"]
    abuse.write_text("".join(json.dumps({"label": label}) + "\n" for label in labels))
    talk = [DATA / "ubuntu-meeting.jsonl", DATA / "zh-room.jsonl"]
    return play(talk, [abuse], seed=7, abusers=20)


def test_no_honest_account_sinks_below_standard(year: Year) -> None:
    assert year.honest > 50
    assert year.sunk_honest == 0
    assert year.lowest_honest >= 60


def test_abusers_sink_within_a_day(year: Year) -> None:
    assert year.abusers == 20
    assert max(year.hours) < 24


def test_one_offence_is_one_penalty_though_two_reviewers_uphold_it(year: Year) -> None:
    assert year.offences > 100
    assert year.twice == 0
    assert year.penalties <= year.offences


def test_it_is_drawn_day_by_day(year: Year) -> None:
    assert len(year.days) == 365
    picture = draw(year, credit_of(Config().policy))
    assert picture.count("<polyline") == 3
    assert ">standard<" in picture
