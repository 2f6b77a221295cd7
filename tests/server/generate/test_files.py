import json
from pathlib import Path

import pytest

from server.generate.errors import BadFolder
from server.generate.files import NAME_CHARACTERS, Folder, stem_of


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Mira Thornwick", "mira-thornwick"),
        ("Éowyn d'Aubigné", "eowyn-daubigne"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\con", "c-con"),
        ("  Zoë\n\0 ", "zoe"),
        ("Снежана 雪", "снежана-雪"),
        (".hidden_one", "hidden-one"),
        ("?!…", "portrait"),
        ("x" * 300, "x" * NAME_CHARACTERS),
    ],
)
def test_a_name_becomes_a_file_name_that_every_system_accepts(name: str, stem: str) -> None:
    assert stem_of(name) == stem


def test_a_picture_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mira.png").write_bytes(b"dear to somebody")
    folder = Folder(tmp_path)

    saved = [folder.save_picture("Mira", "image/png", data) for data in (b"second", b"third")]

    assert [path.name for path in saved] == ["mira-2.png", "mira-3.png"]
    assert [path.read_bytes() for path in saved] == [b"second", b"third"]
    assert (tmp_path / "mira.png").read_bytes() == b"dear to somebody"


@pytest.mark.parametrize(
    ("content_type", "ending"), [("image/png", ".png"), ("image/jpeg", ".jpg"), ("image/webp", ".webp")]
)
def test_the_ending_tells_what_the_picture_is(tmp_path: Path, content_type: str, ending: str) -> None:
    assert Folder(tmp_path).save_picture("Mira", content_type, b"").suffix == ending


def test_the_set_is_json_that_a_person_can_read(tmp_path: Path) -> None:
    path = Folder(tmp_path).save_set({"theme": "fjörd"})
    assert path == tmp_path / "characters.json"
    assert path.read_text() == '{\n  "theme": "fjörd"\n}\n'
    assert json.loads(path.read_text()) == {"theme": "fjörd"}


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    assert Folder(tmp_path / "a" / "b").save_set({}).parent == tmp_path / "a" / "b"


def test_a_folder_that_cannot_be_made_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadFolder, match=r"^The files cannot be written to .*file: file exists\.$"):
        Folder(tmp_path / "file")


def test_a_folder_that_went_away_is_told(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(BadFolder, match="no such file or directory"):
        folder.save_set({})
