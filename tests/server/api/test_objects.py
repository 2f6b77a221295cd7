"""Over a real socket: what matters here is in the bytes on the wire."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from uvicorn.server import ServerState

from server import problems
from server.api import objects
from server.http.protocol import HttpProtocol
from storage.objects.base import FOREVER
from storage.objects.local_directory import LocalObjects
from tests.storage.objects.contract import PNG

KEY = "portraits/w/c_portrait.png"
MP4 = b"\0\0\0\x20ftypisom" + bytes(range(256)) * 8_000
PAGE = b"<!doctype html><script>alert(1)</script>"


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[LocalObjects]:
    with closing(LocalObjects(tmp_path / "objects", "/objects")) as local:
        await local.prepare()
        await local.put(KEY, PNG, "image/png")
        await local.put("videos/w/c_video.mp4", MP4, "video/mp4")
        yield local


@pytest.fixture
async def state() -> ServerState:
    return ServerState()


@pytest.fixture
async def port(local: LocalObjects, state: ServerState) -> AsyncIterator[int]:
    app = Starlette(
        routes=objects.routes(local),
        exception_handlers=dict.fromkeys((*problems.HANDLED, Exception), problems.respond),
    )
    config = uvicorn.Config(app, log_config=None, server_header=False)
    config.load()
    server = await asyncio.get_running_loop().create_server(lambda: HttpProtocol(config, state, {}), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for connection in list(state.connections):
        connection.shutdown()
        connection.transport.abort()
    await asyncio.gather(*state.tasks)


@pytest.fixture
async def client(port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=False) as client:
        yield client


async def get(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.get("/objects/videos/w/c_video.mp4", headers=named)


async def test_an_object_comes_whole_with_all_that_a_browser_must_know(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/objects/{KEY}")

    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-length"] == str(len(PNG))
    assert answer.headers["cache-control"] == FOREVER
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["etag"][0] == answer.headers["etag"][-1] == '"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["content-disposition"] == "inline"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_head_tells_the_same_without_the_bytes(client: httpx.AsyncClient) -> None:
    got, head = await client.get(f"/objects/{KEY}"), await client.head(f"/objects/{KEY}", headers={"Range": "bytes=1-"})

    def told(answer: httpx.Response) -> dict[str, str]:
        return {name: value for name, value in answer.headers.items() if name != "date"}

    assert (head.status_code, head.content) == (200, b"")
    assert told(head) == told(got)


async def test_the_type_is_that_of_the_bytes_whatever_the_name_says(
    client: httpx.AsyncClient, local: LocalObjects
) -> None:
    await local.put("portraits/w/page.png", PAGE, "image/png")
    await local.put("portraits/w/picture.html", PNG, "text/html")

    page, picture = (
        await client.get("/objects/portraits/w/page.png"),
        await client.get("/objects/portraits/w/picture.html"),
    )

    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert picture.headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", range(0, 1)),
        ("bytes=100-299", range(100, 300)),
        ("bytes=1000000-", range(1_000_000, len(MP4))),
        ("bytes=-500", range(len(MP4) - 500, len(MP4))),
        ("bytes=0-", range(len(MP4))),
    ],
)
async def test_a_part_is_answered_with_206(client: httpx.AsyncClient, asked: str, part: range) -> None:
    answer = await get(client, range=asked)

    assert (answer.status_code, answer.content) == (206, MP4[part.start : part.stop])
    assert answer.headers["content-range"] == f"bytes {part.start}-{part.stop - 1}/{len(MP4)}"
    assert answer.headers["content-length"] == str(len(part))
    assert answer.headers["content-type"] == "video/mp4"


async def test_a_part_beyond_the_end_is_answered_with_416(client: httpx.AsyncClient) -> None:
    answer = await get(client, range=f"bytes={len(MP4)}-")

    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(MP4)}"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_several_parts_at_once_are_answered_with_the_whole(client: httpx.AsyncClient) -> None:
    answer = await get(client, range="bytes=0-1,5-6")

    assert (answer.status_code, answer.content) == (200, MP4)


async def test_a_part_of_what_the_caller_has_is_sent_and_of_another_the_whole(client: httpx.AsyncClient) -> None:
    tag = (await get(client)).headers["etag"]

    same, other = await get(client, range="bytes=5-", if_range=tag), await get(client, range="bytes=5-", if_range='"x"')

    assert (same.status_code, same.content) == (206, MP4[5:])
    assert (other.status_code, other.content) == (200, MP4)


async def test_what_the_caller_has_already_is_not_sent_again(client: httpx.AsyncClient) -> None:
    tag = (await get(client)).headers["etag"]

    answer = await get(client, if_none_match=tag, range="bytes=0-1")

    assert (answer.status_code, answer.content) == (304, b"")
    assert (answer.headers["etag"], answer.headers["cache-control"]) == (tag, FOREVER)
    assert (await get(client, if_none_match='"another"')).status_code == 200


async def test_an_empty_object_is_one(client: httpx.AsyncClient, local: LocalObjects) -> None:
    await local.put("a/empty", b"", "")

    answer = await client.get("/objects/a/empty")

    assert (answer.status_code, answer.content) == (200, b"")


async def answered(port: int, target: str) -> tuple[int, bytes]:
    """Status and body for a target that is sent as it stands."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: limner\r\nConnection: close\r\n\r\n".encode("latin-1"))
    whole = await reader.read()
    writer.close()
    head, _, body = whole.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body


@pytest.mark.parametrize(
    "path",
    [
        "portraits/w/no_portrait.png",
        "portraits/w",
        "portraits/w/",
        "",
        "../secret",
        "%2e%2e/secret",
        "%2E%2E%2Fsecret",
        "..%2fsecret",
        "portraits/../../secret",
        "portraits/%2e%2e/%2e%2e/secret",
        "portraits//w/c_portrait.png",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "..%5csecret",
        "%252e%252e/secret",
        ".incoming/half",
        "link/secret",
        "portraits/w/c_portrait.png%00.html",
        "portraits/w/c_portrait.png/more",
        "%ff%fe",
        "a" * 300,
        "a/" * 600 + "b",
    ],
)
async def test_there_is_no_way_to_anything_else(port: int, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("a secret")
    (tmp_path / "objects" / ".incoming" / "half").write_text("a secret")
    (tmp_path / "objects" / "link").symlink_to(tmp_path)

    status, body = await answered(port, f"/objects/{path}")

    assert status == 404
    assert b"There is no such object." in body


async def test_a_directory_that_is_gone_is_no_object_that_is_gone(client: httpx.AsyncClient, tmp_path: Path) -> None:
    (tmp_path / "objects").rename(tmp_path / "elsewhere")

    answer = await client.get(f"/objects/{KEY}")

    assert answer.status_code == 503
    assert str(tmp_path) not in answer.text
    assert answer.headers["retry-after"]


async def test_nothing_can_be_written(client: httpx.AsyncClient) -> None:
    assert (await client.put(f"/objects/{KEY}", content=b"x")).status_code == 405
    assert (await client.delete(f"/objects/{KEY}")).status_code == 405


async def test_who_hangs_up_leaves_no_open_file(
    port: int, local: LocalObjects, state: ServerState, tmp_path: Path
) -> None:
    await local.put("a/large", bytes(50_000_000), "")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /objects/a/large HTTP/1.1\r\nHost: limner\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    assert open_files(tmp_path) == ["large"]

    writer.transport.abort()
    await asyncio.gather(*state.tasks)

    assert open_files(tmp_path) == []


def open_files(folder: Path) -> list[str]:
    """The names of the files beneath it that this process has open."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = descriptor.readlink()
        except FileNotFoundError:
            continue
        if target.is_relative_to(folder) and target.is_file():
            found.append(target.name)
    return found


def test_without_a_local_directory_there_is_no_route() -> None:
    assert objects.routes(None) == []
