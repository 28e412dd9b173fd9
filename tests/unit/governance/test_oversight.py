"""The board of duties: each row is tried met, and as far as it can be so, due and broken."""

import re
from typing import Any

import msgspec
import pytest

from folkmoot_governance.duration import DAY_MS, FOREVER_MS
from folkmoot_governance.oversight import (
    ANSWER_MS,
    DUTIES,
    DutyState,
    Figures,
    Line,
    Row,
    Waiting,
    board,
    next_look,
)
from tests.builders.rules import NOW

MET, DUE, BROKEN = DutyState
GOOD = Figures(
    filings=Waiting(),
    levels=3,
    public_grades=1,
    kept_months=6,
    content_rules=3,
    staff=2,
    officers=1,
    on_duty=1,
    own_documents=True,
    needs_identity=True,
    renews_identity=True,
    licence="B2-2026",
    licence_until_ms=NOW + 100 * DAY_MS,
    notice_ms=60 * DAY_MS,
)
SOME, LATE = Waiting(2, 0, NOW + 5), Waiting(3, 1, NOW - 5)

BAD: dict[str, dict[DutyState, dict[str, Any]]] = {
    "documents": {DUE: {"own_documents": False}},
    "identity_needed": {DUE: {"needs_identity": False}},
    "identity_renewed": {DUE: {"renews_identity": False}},
    "identities": {DUE: {"identities": SOME}, BROKEN: {"identities": LATE}},
    "closings": {DUE: {"closings": SOME}, BROKEN: {"closings": LATE}},
    "grading": {BROKEN: {"ungraded": 4}},
    "credit_levels": {DUE: {"levels": 1}},
    "info_pages": {DUE: {"public_grades": 0}},
    "sizes": {DUE: {"sizes": 4}},
    "emergencies": {DUE: {"emergencies": 1}},
    "owners": {DUE: {"ownerless": 4}},
    "content_rules": {DUE: {"content_rules": 0}},
    "held_posts": {DUE: {"held": SOME}, BROKEN: {"held": LATE}},
    "warnings": {DUE: {"warnings": SOME}, BROKEN: {"warnings": LATE}},
    "mended": {DUE: {"mended": SOME}, BROKEN: {"mended": LATE}},
    "filings": {DUE: {"filings": SOME}, BROKEN: {"filings": LATE}},
    "reports": {DUE: {"reports": SOME}, BROKEN: {"reports": LATE}},
    "appeals": {DUE: {"appeals": SOME}, BROKEN: {"appeals": LATE}},
    "mediations": {DUE: {"mediations": SOME}, BROKEN: {"mediations": LATE}},
    "outcomes": {DUE: {"outcomes": SOME}, BROKEN: {"outcomes": LATE}},
    "reviewers": {BROKEN: {"staff": 1}},
    "officers": {BROKEN: {"officers": 0}},
    "on_duty": {DUE: {"on_duty": 0}},
    "kept_months": {BROKEN: {"kept_months": 5}},
    "retention": {DUE: {"months": 4}},
    "jobs": {BROKEN: {"failed_jobs": 4}},
    "licence": {DUE: {"licence_until_ms": NOW + 60 * DAY_MS}, BROKEN: {"licence_until_ms": NOW}},
}
"""What makes a duty so, in figures that are good otherwise."""


def line_of(row: Row, **changes: Any) -> Line:
    lines = board(msgspec.structs.replace(GOOD, **changes), NOW)
    return next(one for one in lines if one.row is row)


def test_every_duty_is_tried_and_has_a_name_and_articles_of_its_own() -> None:
    names = [row.name for row in DUTIES]
    assert names == list(BAD)
    assert len(set(names)) == len(names)
    for row in DUTIES:
        assert re.fullmatch(r"[a-z_]+", row.name)
        assert all(re.fullmatch(r"[GPWI]\d+(\.\d+)?", one) for one in row.refs.split()), row
        assert row.mend and row.text


@pytest.mark.parametrize("row", DUTIES, ids=lambda row: row.name)
def test_a_duty_is_met_and_otherwise_says_what_it_rests_on(row: Row) -> None:
    assert line_of(row).judged.state is MET
    for state, changes in BAD[row.name].items():
        judged = line_of(row, **changes).judged
        assert judged.state is state, changes
        (value,) = changes.values()
        if value is SOME:
            assert (judged.figure, judged.at_ms) == (2, NOW + 5)
        elif value is LATE:
            assert (judged.figure, judged.at_ms) == (1, NOW - 5)
        elif value == 4:
            assert judged.figure == 4
    others = [one for one in board(GOOD, NOW) if one.judged.state is not MET]
    assert others == []


def test_what_nobody_counts_is_not_taken_for_done() -> None:
    row = next(one for one in DUTIES if one.name == "filings")
    assert line_of(row, filings=None).judged.state is DUE


def test_a_licence_that_is_not_named_is_due_and_the_days_that_are_left_are_counted() -> None:
    licence = DUTIES[-1]
    assert line_of(licence).judged.figure == 100
    assert line_of(licence, licence="").judged.state is DUE
    assert line_of(licence, licence_until_ms=NOW + 60 * DAY_MS + 1).judged.state is MET


def test_the_board_is_looked_at_again_when_something_will_be_late() -> None:
    until, notice = GOOD.licence_until_ms, GOOD.notice_ms
    assert next_look(GOOD, NOW) == until - notice
    assert next_look(GOOD, until - notice) == until
    assert next_look(GOOD, until) == FOREVER_MS
    changed = msgspec.structs.replace
    assert next_look(changed(GOOD, reports=SOME), NOW) == SOME.first_ms + 1
    assert next_look(changed(GOOD, held=Waiting(1, 0, NOW - 5)), NOW) == NOW - 5 + ANSWER_MS + 1
    assert next_look(changed(GOOD, reports=LATE), NOW) == NOW + 1, "others may be late any time"
    assert next_look(changed(GOOD, reports=Waiting(1, 1, NOW - 5)), NOW) == until - notice
