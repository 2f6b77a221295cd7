"""Socket.IO 4 with its Redis adapter, fed as its Redis emitter does: by a backend that speaks to Redis only."""

import json
import shutil
import subprocess
from pathlib import Path

from bench.hub.messagepack import packed
from bench.hub.target import Command, Dialect, Place, Publication, resp

FOLDER = Path(__file__).resolve().parents[2] / "peers" / "socketio"
NPM_INSTALL = (
    *("npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"),
    *("--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"),
)
INSTALL_SECONDS = 180.0
EVENT = 2
"""A packet's type in Socket.IO's protocol."""


class SocketIO:
    """Its libraries come from npm, in the versions of its package.json, into the folder of its server.js."""

    dialect = Dialect(
        "/socket.io/?EIO=4&transport=websocket",
        steps=("expect:0{", "send:40", "expect:40{", 'send:42["join","{id}"]', 'expect:42["joined"'),
        reply=("2", "3"),
    )

    @property
    def name(self) -> str:
        return f"Socket.IO {wanted_versions()['socket.io']} + Redis"

    def missing(self) -> str | None:
        return install()

    def command(self, place: Place) -> Command:
        words = ("node", str(FOLDER / "server.js"), str(place.port), str(place.redis_port))
        return Command(words, {"NODE_ENV": "production"})

    def publication(self, record: bytes, place: Place) -> Publication:
        # No number of JavaScript's, for in MessagePack a number is not written in digits that could be filled in.
        job = json.loads(record.replace(b":{version}", b':"{version}"'))
        packet = {"type": EVENT, "data": ["job", job], "nsp": "/"}
        message = packed(["bench", packet, {"rooms": ["{id}"], "flags": {}, "except": []}])
        return Publication(place.redis_port, resp(b"PUBLISH", b"socket.io#/#{id}#", message), acknowledgement=b":")


def wanted_versions() -> dict[str, str]:
    versions: dict[str, str] = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    return versions


def installed_version(folder: Path, name: str) -> str | None:
    try:
        version: str = json.loads((folder / "node_modules" / name / "package.json").read_text())["version"]
    except FileNotFoundError:
        return None
    return version


def install(folder: Path = FOLDER) -> str | None:
    """Make it ready, if it is not. Answers what stands in the way, in a sentence."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"there is no {program} (Node 20 or newer is needed; on Debian `apt install nodejs npm`)."
    if all(installed_version(folder, name) == version for name, version in wanted_versions().items()):
        return None
    try:
        ended = subprocess.run(
            NPM_INSTALL, cwd=folder, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"`npm install` in {folder} did not end within {INSTALL_SECONDS:.0f} s."
    if ended.returncode:
        return f"`npm install` in {folder} failed: {ended.stderr.strip()}"
    return None
