import pytest

from server.hub.codes import ABNORMAL, COUNTED, NO_CODE, OTHER, CloseCode, comes_again, counted

NOT_AGAIN = {CloseCode.BAD_MESSAGES, CloseCode.TOO_MANY_CONNECTIONS}


@pytest.mark.parametrize("code", CloseCode)
def test_the_range_of_a_code_says_whether_to_come_again(code: CloseCode) -> None:
    assert comes_again(code) == (code not in NOT_AGAIN)


@pytest.mark.parametrize(("code", "again"), [(1000, True), (1006, True), (4499, True), (4500, False), (4999, False)])
def test_the_ranges_begin_and_end_where_they_are_said_to(code: int, again: bool) -> None:
    assert comes_again(code) is again


@pytest.mark.parametrize("code", CloseCode)
def test_a_code_of_ours_counts_as_itself_where_we_closed_and_as_another_where_the_peer_did(code: CloseCode) -> None:
    assert counted(code, by_peer=False) == code
    assert counted(code, by_peer=True) == OTHER


def test_a_close_without_a_code_is_not_an_end_without_a_close() -> None:
    assert counted(1005, by_peer=True) == NO_CODE
    assert counted(1005, by_peer=False) == counted(1006, by_peer=False) == ABNORMAL


@pytest.mark.parametrize("by_peer", [True, False])
def test_whatever_is_said_there_are_only_so_many_codes_that_are_counted(by_peer: bool) -> None:
    assert {counted(code, by_peer=by_peer) for code in range(1000, 5000)} <= set(COUNTED)
