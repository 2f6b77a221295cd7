import json

import pytest

from server.hub.codes import CloseCode
from server.hub.connection import Close, Connection, Limits, Say, Unwatch, Watch
from server.hub.messages import PING, PONG, Subscribe, hello
from storage.records.ids import JobId, new_job_id

A, B, C = (JobId(f"00000000-0000-4000-8000-00000000000{digit}") for digit in "abc")
NOTHING = b"0" * 16
LIMITS = Limits(jobs=2, messages=3, messages_seconds=10, idle=30, ping_interval=25, silence=60, retry_window=5)


def connection(limits: Limits = LIMITS) -> Connection:
    return Connection(limits, now=0.0)


def subscribe(*job_ids: JobId) -> str:
    return json.dumps({"type": "subscribe", "jobs": dict.fromkeys(job_ids, 0)})


def unsubscribe(*job_ids: JobId) -> str:
    return json.dumps({"type": "unsubscribe", "jobs": job_ids})


def watch(*job_ids: JobId) -> Watch:
    return Watch(Subscribe(dict.fromkeys(job_ids, NOTHING)))


def error_codes(actions: object) -> list[str]:
    assert isinstance(actions, list)
    found = []
    for action in actions:
        assert isinstance(action, Say)
        found.append(json.loads(action.frame[action.frame.index(b"{") :])["code"])
    return found


def test_the_greeting_comes_first_and_names_the_limits() -> None:
    assert connection().opened([]) == [Say(hello(25, 5, 2))]


def test_what_the_url_asks_for_is_watched_without_a_message() -> None:
    assert connection().opened([A, B])[1:] == [watch(A, B)]


def test_a_bad_id_in_the_url_is_an_error_and_the_others_are_watched() -> None:
    _, complaint, watched = connection().opened(["nonsense", A])
    assert error_codes([complaint]) == ["bad_field"]
    assert watched == watch(A)


def test_too_many_jobs_in_the_url_are_an_error_and_none_is_watched() -> None:
    talk = connection()
    _, complaint = talk.opened([A, B, C])
    assert error_codes([complaint]) == ["too_many_jobs"]
    assert talk.watched == set()


def test_no_more_than_ten_errors_are_told_of_one_url() -> None:
    assert len(connection().opened(["nonsense"] * 300)) == 1 + 10


def test_subscribing_watches() -> None:
    assert connection().received(subscribe(A, B), 1.0) == [watch(A, B)]


def test_watching_again_what_is_watched_is_not_one_job_more() -> None:
    talk = connection()
    talk.received(subscribe(A, B), 1.0)
    assert talk.received(subscribe(B, A), 2.0) == [watch(B, A)]


def test_a_job_too_many_is_refused_and_changes_nothing() -> None:
    talk = connection()
    talk.received(subscribe(A, B), 1.0)
    assert error_codes(talk.received(subscribe(A, C), 2.0)) == ["too_many_jobs"]
    assert talk.watched == {A, B}


def test_unsubscribing_makes_room() -> None:
    talk = connection()
    talk.received(subscribe(A, B), 1.0)
    assert talk.received(unsubscribe(A), 2.0) == [Unwatch((A,))]
    assert talk.received(subscribe(C), 3.0) == [watch(C)]


def test_unsubscribing_from_what_is_not_watched_is_no_fault() -> None:
    assert connection().received(unsubscribe(A), 1.0) == [Unwatch((A,))]


def test_a_ping_is_answered_and_the_newest_pong_is_enough() -> None:
    assert connection().received('{"type":"ping"}', 1.0) == [Say(PONG, slot="pong")]


def test_a_bad_message_is_an_error_and_the_connection_lives_on() -> None:
    talk = connection()
    assert error_codes(talk.received("nonsense", 1.0)) == ["not_json"]
    assert talk.received(subscribe(A), 2.0) == [watch(A)]


def test_the_tenth_bad_message_in_a_row_closes() -> None:
    talk = connection(Limits())
    for second in range(9):
        assert error_codes(talk.received("nonsense", second)) == ["not_json"]
    assert talk.received("nonsense", 9) == [Close(CloseCode.BAD_MESSAGES, "ten bad messages in a row")]


def test_a_good_message_begins_the_row_anew() -> None:
    talk = connection(Limits(messages=100))
    for _ in range(3):
        for _ in range(9):
            assert error_codes(talk.received("nonsense", 1.0)) == ["not_json"]
        talk.received('{"type":"ping"}', 1.0)


def test_more_messages_than_allowed_within_the_window_close() -> None:
    talk = connection()
    for second in (0.0, 1.0, 2.0):
        assert talk.received('{"type":"ping"}', second) == [Say(PONG, slot="pong")]
    assert talk.received('{"type":"ping"}', 9.9) == [Close(CloseCode.TOO_MANY_MESSAGES, "too many messages")]


def test_the_window_moves_on() -> None:
    talk = connection()
    for second in (0.0, 4.0, 8.0, 10.0, 14.0, 18.0, 20.0):
        assert talk.received('{"type":"ping"}', second) == [Say(PONG, slot="pong")]


def test_bad_messages_count_among_the_messages() -> None:
    talk = connection()
    for second in (0.0, 1.0, 2.0):
        talk.received("nonsense", second)
    assert talk.received("nonsense", 3.0) == [Close(CloseCode.TOO_MANY_MESSAGES, "too many messages")]


def test_who_watches_nothing_is_sent_away_after_a_while() -> None:
    talk = connection()
    assert talk.tick(30.0, heard=30.0) == [Say(PING, slot="ping")]
    assert talk.tick(30.1, heard=30.0) == [Close(CloseCode.IDLE, "nothing is watched")]


def test_who_watches_something_stays() -> None:
    talk = connection()
    talk.received(subscribe(A), 1.0)
    assert talk.tick(1_000.0, heard=999.0) == [Say(PING, slot="ping")]


def test_the_time_of_watching_nothing_begins_when_the_last_job_goes() -> None:
    talk = connection()
    talk.received(subscribe(A, B), 1.0)
    talk.received(unsubscribe(A), 100.0)
    assert talk.tick(150.0, heard=150.0) == [Say(PING, slot="ping")]
    talk.received(unsubscribe(B), 151.0)
    assert talk.tick(170.0, heard=170.0) == []
    assert talk.tick(181.1, heard=181.0) == [Close(CloseCode.IDLE, "nothing is watched")]


def test_no_byte_for_a_long_time_is_no_sign_of_life() -> None:
    talk = connection()
    talk.received(subscribe(A), 1.0)
    assert talk.tick(61.0, heard=1.0) == [Say(PING, slot="ping")]
    assert talk.tick(61.1, heard=1.0) == [Close(CloseCode.SILENT, "no sign of life")]


def test_the_peer_is_pinged_once_an_interval() -> None:
    talk = connection()
    talk.received(subscribe(A), 1.0)
    ticks = [talk.tick(float(second), heard=float(second)) for second in range(1, 101)]
    assert [second for second, actions in enumerate(ticks, 1) if actions] == [25, 50, 75, 100]


@pytest.mark.parametrize("count", [256, 257])
def test_the_usual_limit_is_256_jobs(count: int) -> None:
    actions = connection(Limits()).received(subscribe(*(new_job_id() for _ in range(count))), 1.0)
    assert isinstance(actions[0], Watch if count == 256 else Say)


def test_a_tick_is_due_when_it_has_something_to_say_and_not_before() -> None:
    talk = connection()
    assert talk.due == 25.0
    talk.received(subscribe(A), 1.0)
    assert talk.tick(25.0, heard=1.0) == [Say(PING, slot="ping")]
    assert talk.due == 50.0
    talk.tick(50.0, heard=1.0)
    assert talk.due == 61.0
    assert talk.tick(61.1, heard=1.0) == [Close(CloseCode.SILENT, "no sign of life")]


def test_a_tick_is_due_when_nothing_was_watched_for_long_enough() -> None:
    talk = connection()
    talk.tick(25.0, heard=25.0)
    assert talk.due == 30.0
    talk.received(subscribe(A), 26.0)
    talk.tick(30.0, heard=30.0)
    assert talk.due == 50.0
    talk.received(unsubscribe(A), 31.0)
    assert talk.due == 50.0
    talk.tick(50.0, heard=50.0)
    assert talk.due == 61.0


def test_unsubscribing_from_the_last_job_makes_the_tick_due_earlier() -> None:
    talk = connection(Limits(ping_interval=100, silence=200, idle=30))
    talk.received(subscribe(A), 1.0)
    talk.tick(30.0, heard=30.0)
    assert talk.due == 100.0
    talk.received(unsubscribe(A), 40.0)
    assert talk.due == 70.0


@pytest.mark.parametrize(("shortest", "tick"), [({}, 1.0), ({"slow": 1}, 0.1), ({"silence": 2}, 0.2)])
def test_time_is_looked_at_often_enough_for_the_shortest_limit(shortest: dict[str, float], tick: float) -> None:
    assert Limits(**shortest).tick == tick  # type: ignore[arg-type]
