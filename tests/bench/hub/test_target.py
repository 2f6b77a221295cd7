from bench.hub.target import resp, width


def test_what_is_filled_in_counts_with_its_own_width() -> None:
    assert width(b"{id}") == 36
    assert width(b"a {version} b {time}") == 2 + 16 + 3 + 20


def test_braces_that_are_no_holes_count_as_they_are() -> None:
    assert width(b'{"id":{}}') == 9


def test_a_command_names_the_lengths_that_its_words_are_going_to_have() -> None:
    assert resp(b"PUBLISH", b"job:{id}") == b"*2\r\n$7\r\nPUBLISH\r\n$40\r\njob:{id}\r\n"
