"""The statement of reasons of each measure has the fields and codes that authorities know, and nobody's name."""

import json
from pathlib import Path
from typing import Any

import pytest

from folkmoot_governance import account_events as a
from folkmoot_governance.duration import DAY_MS, FOREVER_MS
from folkmoot_governance.group import events as e
from folkmoot_governance.measures import MEASURES, Row, row_of
from folkmoot_governance.restrictions import Grounds
from folkmoot_governance.statement import CATEGORIES, OTHER_CATEGORY, puid_of, statement_of, statement_of_finding
from folkmoot_protocol.types import Identity
from tests.builders.rules import NOW, any_event

FIELDS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "data" / "dsa-statement-fields.json").read_text())
A_DAY = "2027-01-15"


def event_of(row: Row, **more: object) -> Any:
    """Return the event of a row."""
    fields: dict[str, object] = {"at": NOW, "by": "sue", "reason": "sold accounts", "report": ""}
    if "measure" in row.event.__struct_fields__:
        fields["measure"] = row.measure if row.event is not a.IdentityAttested else 0
    if row.event is a.CreditChanged:
        fields |= {"cause": "set", "points": -60, "score": 40}
    fields |= {"until_ms": NOW + DAY_MS} if "until_ms" in row.event.__struct_fields__ else {}
    fields |= {"seqs": (7,), "count": 1, "users": ("mia",)} if row.event is e.EntriesRemoved else {}
    fields |= {"identity": Identity.NONE, "was": Identity.PERSON} if row.event is a.IdentityAttested else {}
    fields |= {"user": "mia", "seq": 7, "text": "It is not so."} if row.event is e.PostRefuted else {}
    fields |= {"limit": 900} if row.event is e.LimitDenied else {}
    fields |= {"what": row.part, "text": ""} if row.event is e.TextRemoved else {}
    event = row.event(**fields | more)
    assert row_of(event) is row
    return event


@pytest.mark.parametrize("row", MEASURES, ids=lambda row: row.name)
@pytest.mark.parametrize("law", ["", "criminal code, section 263"])
def test_a_statement_has_what_is_required(row: Row, law: str) -> None:
    event = event_of(row, grounds=Grounds("fraud", law, "482190673352", 7, NOW - DAY_MS), report="r-1")
    statement = statement_of(event, "482190673352-9")
    assert statement is not None
    check_fields(statement)
    assert (statement["category"], statement["source_type"]) == (
        "STATEMENT_CATEGORY_SCAMS_AND_FRAUD",
        "SOURCE_ARTICLE_16",
    )
    assert (statement["content_date"], statement["application_date"]) == ("2027-01-14", A_DAY)
    ends = [value for name, value in statement.items() if name.startswith("end_date")]
    assert ends == (["2027-01-16"] if row.longest_ms else [])
    assert (statement["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT") == bool(law)


def test_so_has_that_of_a_report_in_bad_faith() -> None:
    statement = statement_of_finding("r-1@mia", "nonsense", NOW - DAY_MS, NOW)
    check_fields(statement)
    assert (statement["content_date"], statement["application_date"]) == ("2027-01-14", A_DAY)
    assert "mia" not in str(statement) and str(statement["puid"]).startswith("report-")


def check_fields(statement: dict[str, Any]) -> None:
    """Expect the fields and codes that authorities ask for, and no others."""
    required = {*FIELDS["required"], *FIELDS["conditional"][statement["decision_ground"]]}
    assert required <= statement.keys()
    assert len([name for name in FIELDS["at_least_one_of"] if name in statement]) == 1
    for name, value in statement.items():
        codes = FIELDS["codes"].get(name)
        values = value if isinstance(value, list) else [value]
        assert codes is None or set(values) <= set(codes), name
    # Each `…_OTHER` is named in a field of its own, `…_other` (`limits`).
    others = {"content_type_other", "decision_visibility_other"}
    conditional = {one for names in FIELDS["conditional"].values() for one in names}
    known = {*required, *FIELDS["at_least_one_of"], *FIELDS["optional"], *conditional, *others}
    assert statement.keys() <= known


def test_what_has_no_end_has_an_open_one_and_without_grounds_it_is_by_the_terms() -> None:
    rows = {row.name: row for row in MEASURES}
    statement = statement_of(event_of(rows["account_suspend"], until_ms=FOREVER_MS), "@mia-3")
    assert statement is not None
    assert statement["end_date_account_restriction"] is None
    assert (statement["category"], statement["source_type"]) == (OTHER_CATEGORY, "SOURCE_VOLUNTARY")
    assert (statement["content_type"], statement["content_date"]) == (["CONTENT_TYPE_OTHER"], A_DAY)
    assert "mia" not in str(statement)
    assert statement_of(a.CreditChanged(at=NOW, by="sue", cause="set", points=3, score=103), "@mia-4") is None
    assert statement_of(any_event(e.GroupRenamed), "482190673352-9") is None


def test_limits_hold_and_numbers_are_plain() -> None:
    rows = {row.name: row for row in MEASURES}
    long = statement_of(event_of(rows["account_mute"], reason="x" * 9000, grounds=Grounds(law="y" * 900)), "@mia-3")
    assert long is not None
    assert len(str(long["decision_facts"])) == 5000
    assert len(str(long["illegal_content_explanation"])) == 2000
    assert len(str(long["illegal_content_legal_ground"])) == 500
    puids = {puid_of(case) for case in ("@mia-3", "@mia-33", "482190673352-9", "@m.ia-3")}
    assert len(puids) == 4
    assert all(one.replace("-", "").replace("_", "").isalnum() for one in puids)
    assert set(CATEGORIES.values()) <= set(FIELDS["codes"]["category"])
