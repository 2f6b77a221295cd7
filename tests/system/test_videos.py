"""A video beside its portrait, by a real worker: it waits for it, and then stands in the object store."""

from pathlib import Path

import httpx
import pytest

from tests.jobs.providers.loop.watching import boxes_of, frames_of
from tests.support.limner import limner
from tests.support.pictures import decoded

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]


async def test_a_portrait_and_its_video_are_asked_for_in_one_breath(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with limner({**environment, "LIMNER_OBJECTS_DIR": str(tmp_path)}) as (server, _):
        async with httpx.AsyncClient(base_url=server.url, timeout=40, verify=False) as http:
            wanted = {"description": "an elf", "size": "256x384", "seed": 5}
            portrait = (await http.post("/portraits", json=wanted)).json()["id"]
            answer = await http.post("/videos", json={"portrait": portrait}, headers={"Prefer": "wait=30"})
            video = answer.json()

    assert (video["status"], video["attempt"], video["provider"]) == ("succeeded", 1, "loop"), video
    result = video["result"]
    file, poster = (tmp_path / result[name].removeprefix("/objects/") for name in ("url", "poster"))
    data = file.read_bytes()
    assert boxes_of(data).index("moov") < boxes_of(data).index("mdat")
    assert {frame.shape for frame in frames_of(data)} == {(384, 256, 3)}
    assert decoded(poster.read_bytes()).shape == (384, 256, 3)
    assert (result["width"], result["height"], result["bytes"]) == (256, 384, len(data))
