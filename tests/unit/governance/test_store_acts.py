"""Who may say what is right about the store, and what is put on record of it."""

import pytest

from folkmoot_governance import Actor, PlatformRole, Refusal
from folkmoot_governance.store_acts import ConfirmRemoval, ConfirmTime, RemovalConfirmed, TimeConfirmed, decide_on_store
from tests.builders.rules import NOW

ROOT = Actor("root", platform=PlatformRole.SUPERADMIN)


def test_what_a_superadmin_confirms_is_on_record() -> None:
    time = decide_on_store(ConfirmTime("n1", -5000, "checked"), ROOT, NOW)
    assert time == [TimeConfirmed(at=NOW, by="root", node="n1", jump_ms=-5000, reason="checked")]
    removal = decide_on_store(ConfirmRemoval("2026-11", "checked"), ROOT, NOW)
    assert removal == [RemovalConfirmed(at=NOW, by="root", month="2026-11", reason="checked")]


@pytest.mark.parametrize("role", [None, *sorted(set(PlatformRole) - {PlatformRole.SUPERADMIN})])
def test_nobody_else_confirms_anything(role: PlatformRole | None) -> None:
    for command in (ConfirmTime("n1", 0, "x"), ConfirmRemoval("2026-11", "x")):
        refusal = decide_on_store(command, Actor("sue", platform=role), NOW)
        assert isinstance(refusal, Refusal)
        assert refusal.code == "forbidden"
