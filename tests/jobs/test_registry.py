from jobs.registry import Kind, registry
from tests.support.work import finish


def test_kinds_are_found_by_their_names() -> None:
    portrait, characters = Kind("portrait", finish, "painter", 1, 600), Kind("characters", finish, "grammar", 4, 300)

    assert registry(portrait, characters) == {"portrait": portrait, "characters": characters}
