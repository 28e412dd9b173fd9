import pytest

from folkmoot_protocol import CLOSES, ERRORS, CloseCode, ErrorCode, RequestError


def test_every_error_code_has_its_behaviour() -> None:
    assert list(ERRORS) == list(ErrorCode)
    assert all(info.meaning.endswith(".") for info in ERRORS.values())


@pytest.mark.parametrize("code", ErrorCode)
def test_an_error_code_is_named_as_it_travels(code: ErrorCode) -> None:
    assert code.name == code.value.upper()


def test_waiting_helps_against_slow_mode_but_not_against_a_ban() -> None:
    assert ERRORS[ErrorCode.SLOW_MODE].temporary
    assert not ERRORS[ErrorCode.BANNED].temporary


def test_every_close_code_has_its_behaviour() -> None:
    assert list(CLOSES) == list(CloseCode)


def test_a_client_comes_back_after_a_restart_but_not_after_a_revoked_session() -> None:
    assert CLOSES[CloseCode.RESTART].reconnect
    assert not CLOSES[CloseCode.FORBIDDEN].reconnect


def test_a_request_error_keeps_its_own_copy_of_the_detail() -> None:
    detail = {"field": "group"}
    error = RequestError(ErrorCode.BAD_REQUEST, 7, "`group`: missing", detail)
    detail.clear()
    assert (error.code, error.re, error.detail) == (ErrorCode.BAD_REQUEST, 7, {"field": "group"})
    assert str(error) == "bad_request: `group`: missing"
