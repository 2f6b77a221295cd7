"""Who is ended when, of connections that only keep account of what is done to them."""

import pytest

from server.http.table import FIRST_BYTE_SECONDS, LINGER_SECONDS, ConnectionTable


class Connection:
    """What a table knows of one."""

    def __init__(self, place: str = "a", *, begun: bool = True, faulty: bool = False) -> None:
        self.place = place
        self.begun = begun
        self.left = 100_000
        self.done: list[str] = []
        self._faulty = faulty

    def time_out(self) -> None:
        self._do("time out")

    def give_way(self) -> None:
        self._do("give way")

    def end(self) -> None:
        self._do("end")

    def abort(self) -> None:
        self._do("abort")

    def _do(self, what: str) -> None:
        self.done.append(what)
        if self._faulty:
            raise RuntimeError(what)


@pytest.fixture
def table() -> ConnectionTable:
    """With room for two."""
    return ConnectionTable(most=2, request_seconds=10, slow_seconds=10, on_opened=lambda: None)


def crowded(table: ConnectionTable, *half_open: Connection) -> None:
    table.awaiting_head.update(dict.fromkeys(half_open, 0.0))
    table.connections.update(half_open)  # type: ignore[arg-type]


def test_the_fault_of_one_connection_is_not_that_of_the_others_and_it_ends_all_the_same(
    table: ConnectionTable,
) -> None:
    faulty, other = Connection(faulty=True), Connection()
    table.awaiting_head = {faulty: 0, other: 0}
    table.sweep(11)
    assert (faulty.done, other.done) == (["time out"], ["time out"])
    table.sweep(11 + LINGER_SECONDS)
    assert (faulty.done, other.done) == (["time out", "abort"], ["time out"])
    assert faulty in table.ending


def test_the_oldest_half_head_of_the_place_that_has_most_of_them_gives_way(table: ConnectionTable) -> None:
    first, second, third = Connection("a"), Connection("b"), Connection("b")
    crowded(table, first, second, third)
    table.make_room(0)
    assert [one.done for one in (first, second, third)] == [[], ["give way"], []]


def test_where_there_is_room_nobody_gives_way(table: ConnectionTable) -> None:
    first, second = Connection(), Connection()
    crowded(table, first, second)
    table.make_room(0)
    assert first.done == second.done == []


def test_who_has_only_just_come_may_say_its_first_word(table: ConnectionTable) -> None:
    silent = [Connection(begun=False) for _ in range(3)]
    crowded(table, *silent)
    table.make_room(FIRST_BYTE_SECONDS / 2)
    assert silent[0].done == []
    table.make_room(FIRST_BYTE_SECONDS)
    assert silent[0].done == ["give way"]


def test_a_stalled_connection_is_cut_off_unless_it_moves(table: ConnectionTable) -> None:
    stuck, slow = Connection(), Connection()
    table.stalled = {stuck: None, slow: None}
    for now in range(1, 30):
        slow.left -= 500
        table.sweep(now)
    assert (stuck.done, slow.done) == (["abort"], [])
    assert list(table.stalled) == [slow]
