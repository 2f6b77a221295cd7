from storage.records.character import written_in
from tests.support.writer import character


def test_a_result_without_characters_has_none() -> None:
    assert written_in(None) == written_in({}) == written_in({"characters": []}) == []


def test_a_character_is_described_in_a_sentence() -> None:
    assert character("Ada").described.startswith("Ada, dwarf smith. ")
