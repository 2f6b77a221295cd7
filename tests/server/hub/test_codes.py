import pytest

from server.hub.codes import CloseCode, comes_again

NOT_AGAIN = {CloseCode.BAD_MESSAGES, CloseCode.TOO_MANY_CONNECTIONS}


@pytest.mark.parametrize("code", CloseCode)
def test_the_range_of_a_code_says_whether_to_come_again(code: CloseCode) -> None:
    assert comes_again(code) == (code not in NOT_AGAIN)


@pytest.mark.parametrize(("code", "again"), [(1000, True), (1006, True), (4499, True), (4500, False), (4999, False)])
def test_the_ranges_begin_and_end_where_they_are_said_to(code: int, again: bool) -> None:
    assert comes_again(code) is again
