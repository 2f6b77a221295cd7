"""Whatever a stranger sends to the calls of worlds: no 500, and no line of an error in the log."""

import json
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.records.ids import new_id
from tests.server.conftest import API_KEY
from tests.server.support.arbitrary import ANYTHING, GENTLE
from tests.server.support.keeper import sent
from tests.support.limner import Server

FEW = settings(GENTLE, max_examples=40)
words = st.text(max_size=20)
character = st.fixed_dictionaries(
    {"name": words, "race": words, "class": words},
    optional={
        "traits": st.lists(words, max_size=3) | ANYTHING,
        "stats": st.dictionaries(words, st.integers(), max_size=3) | ANYTHING,
        "backstory": words | ANYTHING,
        "appearance": words,
        "portrait": st.just(new_id()) | ANYTHING,
        "image_portrait_base64": st.text("ABC+/=", max_size=12) | ANYTHING,
    },
)
world = st.fixed_dictionaries(
    {"name": words | ANYTHING, "characters": st.lists(character | ANYTHING, max_size=3) | ANYTHING}
)
change = st.dictionaries(
    st.sampled_from(["name", "backstory", "kind", "once", "seed", "description", "media"]),
    ANYTHING | words | st.sampled_from(["portrait", "video", True, 7]),
    max_size=4,
)
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def caller(keeping: Server) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=keeping.url, timeout=30, headers={"Authorization": f"Bearer {API_KEY}"}, verify=False
    ) as client:
        yield client


@FEW
@given(body=world | ANYTHING)
def test_arbitrary_worlds_are_made_whole_or_refused(caller: httpx.Client, body: object) -> None:
    answer = caller.post("/worlds", content=json.dumps(body), headers=JSON)
    assert answer.status_code in (201, 400, 422), answer.text
    if answer.status_code == 201:
        board = caller.get(answer.headers["location"]).json()
        assert {**board, "world_id": board["id"]} == answer.json()


@FEW
@given(body=change | ANYTHING)
def test_arbitrary_changes_of_a_board_are_answered(caller: httpx.Client, body: object) -> None:
    board = caller.post("/worlds", json={"name": "a", "characters": [sent()]}).json()
    world, one = f"/worlds/{board['id']}", f"/worlds/{board['id']}/characters/{board['characters'][0]['id']}"
    calls = [("POST", f"{world}/generate"), ("PATCH", world), ("PATCH", one)]
    calls += [("POST", f"{one}/{word}") for word in ("portrait", "video", "choose")]
    for method, path in calls:
        answer = caller.request(method, path, content=json.dumps(body), headers=JSON)
        assert answer.status_code in (200, 202, 400, 409, 422), answer.text
    assert caller.get(world).status_code == 200


@FEW
@given(
    before=st.text(max_size=30)
    | st.from_regex(r"[0-9]{1,18}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", fullmatch=True),
    id_=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
)
def test_arbitrary_cursors_and_ids_are_answered(caller: httpx.Client, before: str, id_: str) -> None:
    assert caller.get("/worlds", params={"before": before}).status_code in (200, 422)
    escaped = "".join(f"%{byte:02X}" for byte in id_.encode())
    url = caller.base_url.copy_with(raw_path=f"/worlds/{escaped}".encode())
    assert caller.get(url).status_code in (404, 405, 307)
