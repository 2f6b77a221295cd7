"""Debian's nginx with the configuration that docs/deploy.md shows, before servers of a test.

What the document does not say is as nginx has it: a time-out of 60 s between two reads, answers buffered, a server that
refused a connection left alone for 10 s.
"""

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from storage.parent_death import dies_with_parent
from tests.support.left_out import nginx
from tests.support.limner import DEADLINE_SECONDS, ROOT, free_port

PATH = "/limner"
DOCUMENT = ROOT / "docs" / "deploy.md"

# One process: what ends it ends all of it, and servers are taken strictly in turn.
_FRAME = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/limner.conf;
}}
"""


def documented() -> str:
    """The configuration in the document."""
    (block,) = re.findall(r"^```nginx\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    return str(block)


def configuration(port: int, servers: Sequence[int]) -> str:
    """The documented one, with this machine's addresses in the place of those in it. Nothing else is another."""
    changed = documented()
    for shown, ours in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("server 10.0.0.11:8000;", f"server 127.0.0.1:{servers[0]};"),
        ("server 10.0.0.12:8000;", f"server 127.0.0.1:{servers[1]};"),
    ):
        assert changed.count(shown) == 1, shown
        changed = changed.replace(shown, ours)
    return changed


class Nginx:
    """Stands before two servers, in turn, when entered. Its port is known before."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="limner-nginx-")
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `__exit__`
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where Limner is, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}{PATH}/ws"

    def start(self, servers: Sequence[int]) -> None:
        """Stand before the servers with these ports."""
        program = nginx()
        assert program is not None
        folder = Path(self._folder.name)
        (folder / "limner.conf").write_text(configuration(self.port, servers))
        (folder / "nginx.conf").write_text(_FRAME.format(folder=folder))
        self._process = subprocess.Popen(
            [program, "-p", str(folder), "-c", str(folder / "nginx.conf")],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
        self._wait_until_open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        print(self.log())
        self._log.close()
        self._folder.cleanup()

    def log(self) -> str:
        return os.pread(self._log.fileno(), 1_000_000, 0).decode(errors="replace")

    def _wait_until_open(self) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            assert self._process is not None
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)  # nothing says when a port begins to answer
            else:
                return
