"""One profile of hypothesis is in force in all tests, and none has settings of its own."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.profile import examples, is_long, scaled

TESTS = Path(__file__).parents[1]


def test_no_example_is_timed() -> None:
    assert settings.default.deadline is None
    assert HealthCheck.too_slow in settings.default.suppress_health_check


def test_no_test_has_settings_of_its_own() -> None:
    own = re.compile(r"from hypothesis import .*\bsettings\b")
    files = {str(file.relative_to(TESTS)) for file in TESTS.rglob("*.py") if own.search(file.read_text("utf-8"))}
    assert files == {"profile.py", "unit/test_profile.py"}


@pytest.mark.parametrize(("profile", "of_200", "of_25"), [("quick", 20, 2), ("normal", 200, 25), ("long", 5_000, 625)])
def test_numbers_follow_the_profile(profile: str, of_200: int, of_25: int) -> None:
    before = settings.get_current_profile_name()
    settings.load_profile(profile)
    try:
        assert (scaled(200), examples(25).max_examples) == (of_200, of_25)
        assert scaled(1) >= 1
        assert is_long() == (profile == "long")
    finally:
        settings.load_profile(before)
