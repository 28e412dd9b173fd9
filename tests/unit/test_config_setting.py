"""The machinery under the configuration, on a small declaration of kinds that the server's may not use."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_server.config import text as config_text
from folkmoot_server.config.declare import Value, section, setting
from folkmoot_server.config.load import ConfigError, load
from folkmoot_server.config.values import SECRET, show_found, to_toml


@dataclass(frozen=True)
class Box:
    """A table."""

    key: str = setting("", "A secret.", secret=True)
    lid: bool = setting(False, "Whether there is a lid.")
    height: float = setting(1.5, "Height, metres.", least=0.5, most=2.5)


@dataclass(frozen=True)
class Small:
    """A root without a profile."""

    box: Box = section(Box, "The box.")
    words: tuple[str, ...] = setting((), "Words.")


def no_cross_check(_config: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    yield from ()


def small(env: dict[str, str] | None = None, **box: object) -> Small:
    overrides = {f"box.{key}": value for key, value in box.items()}
    return load(Small, None, env or {}, overrides, cross_check=no_cross_check)[0]


@pytest.mark.parametrize(("text", "value"), [("true", True), ("YES", True), ("1", True), ("off", False), ("0", False)])
def test_truth_from_the_environment(text: str, value: bool) -> None:
    assert small({"FOLKMOOT_BOX__LID": text}).box.lid is value


@pytest.mark.parametrize("raw", ["maybe", "", 1, 0])
def test_what_is_neither_true_nor_false(raw: object) -> None:
    with pytest.raises(ConfigError, match="allowed: true or false"):
        small(lid=raw)


def test_numbers_with_a_fraction() -> None:
    assert small(height=2).box.height == 2.0
    assert small({"FOLKMOOT_BOX__HEIGHT": "0.5"}).box.height == 0.5


@pytest.mark.parametrize("raw", [0.4, 2.6, float("nan"), "nan", "inf", True, "tall"])
def test_numbers_out_of_bounds(raw: object) -> None:
    with pytest.raises(ConfigError, match=r"allowed: a number from 0\.5 to 2\.5"):
        small(height=raw)


def test_secret_is_not_shown() -> None:
    text = config_text.show(small(key="hunter2"), {})
    assert "hunter2" not in text
    assert f'key = "{SECRET}"' in text


def test_wrong_secret_is_not_shown_either() -> None:
    with pytest.raises(ConfigError) as caught:
        small(key=["hunter2"])
    assert "hunter2" not in str(caught.value)


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"])), max_size=5))
def test_any_text_survives_being_written_as_toml(words: list[str]) -> None:
    assert tomllib.loads(f"words = {to_toml(words)}")["words"] == words


@given(st.text())
def test_any_environment_text_loads_or_is_refused_in_words(text: str) -> None:
    try:
        loaded = small({"FOLKMOOT_BOX__HEIGHT": text, "FOLKMOOT_WORDS": text})
    except ConfigError as error:
        assert error.problems
    else:
        assert 0.5 <= loaded.box.height <= 2.5


@pytest.mark.parametrize(("value", "shown"), [("x" * 100, 57), (Path("/a"), None), ({"a": 1}, None)])
def test_found_values_are_shown_short(value: Value, shown: int | None) -> None:
    text = show_found(value)
    assert len(text) <= 60
    if shown:
        assert text.endswith("…")
