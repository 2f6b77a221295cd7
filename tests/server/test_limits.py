from server.limits import Admission


def test_a_process_is_full_at_its_limit_and_has_room_when_one_leaves() -> None:
    admission = Admission(most=2, most_per_address=2)
    admission.enter("a")
    assert not admission.full
    admission.enter("b")
    assert admission.full
    admission.leave("a")
    assert not admission.full


def test_each_address_has_its_own_limit() -> None:
    admission = Admission(most=10, most_per_address=1)
    admission.enter("a")
    assert admission.crowded("a")
    assert not admission.crowded("b")
    admission.leave("a")
    assert not admission.crowded("a")
