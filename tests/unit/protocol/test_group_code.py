import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_protocol import make_group_code, parse_group_code, show_group_code
from folkmoot_protocol.group_code import FIRST_NUMBER, LAST_NUMBER

CODE = make_group_code(48219067335)
# The totally anti-symmetric quasigroup of order 10 of Damm's dissertation.
QUASIGROUP = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
numbers = st.integers(FIRST_NUMBER, LAST_NUMBER)


@given(numbers)
def test_a_code_survives_being_shown_and_typed_in(number: int) -> None:
    code = make_group_code(number)
    assert len(code) == 12
    assert code.startswith(str(number))
    assert parse_group_code(code) == code
    assert parse_group_code(show_group_code(code)) == code


@given(numbers, st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(number: int, place: int, shift: int) -> None:
    code = make_group_code(number)
    wrong = str((int(code[place]) + shift) % 10)
    assert parse_group_code(code[:place] + wrong + code[place + 1 :]) is None


@given(numbers, st.integers(0, 10))
def test_two_exchanged_neighbours_are_noticed(number: int, place: int) -> None:
    code = make_group_code(number)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert swapped == code or parse_group_code(swapped) is None


@given(numbers)
def test_the_check_digit_is_damms(number: int) -> None:
    digit = 0
    for char in str(number):
        digit = int(QUASIGROUP[digit][int(char)])
    assert make_group_code(number)[-1] == str(digit)


def test_full_width_digits_and_white_space_are_read() -> None:
    wide = CODE.translate({ord("0") + n: ord("０") + n for n in range(10)})
    assert parse_group_code(wide) == CODE
    assert parse_group_code(f"  {show_group_code(CODE)}\n") == CODE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 12,
        CODE[:-1],
        CODE + "0",
        f"{CODE[:3]}-{CODE[3:]}",
        f"-{CODE}",
        "abcd-efgh-ijkl",
        "٣" * 12,
        CODE + " " * 99,
    ],
)
def test_what_is_no_code_is_not_read(text: str) -> None:
    assert parse_group_code(text) is None


@pytest.mark.parametrize("number", [-1, 0, FIRST_NUMBER - 1, LAST_NUMBER + 1])
def test_a_number_of_another_length_makes_no_code(number: int) -> None:
    with pytest.raises(ValueError, match="11 digits"):
        make_group_code(number)
