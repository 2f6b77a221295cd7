"""Debian's PgBouncer before a Postgres of the tests, in transaction mode: sessions are shared between transactions."""

import os
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from storage.parent_death import dies_with_parent
from tests.support.left_out import pgbouncer
from tests.support.limner import DEADLINE_SECONDS, free_port
from tests.support.proxy import Proxy

NOBODY = 65_534
"""It refuses to run as root."""

_CONFIGURATION = """
[databases]
{name} = host=127.0.0.1 port={postgres} user=limner dbname={name}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {sessions}
server_round_robin = 1
"""


@contextmanager
def pgbouncer_before(url: str, *, sessions: int) -> Iterator[str]:
    """The URL by which to reach the database of `url` over so many sessions, shared by all who come."""
    program = pgbouncer()
    assert program is not None
    parts = urlsplit(url)
    name = parts.path.removeprefix("/")
    socket = Path(parse_qs(parts.query)["host"][0], ".s.PGSQL.5432")
    with ExitStack() as stack:
        # It may not look into the folder of the socket.
        postgres = stack.enter_context(Proxy(str(socket))).port
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="limner-pgbouncer-")))
        folder.chmod(0o755)
        port = free_port()
        (folder / "pgbouncer.ini").write_text(
            _CONFIGURATION.format(name=name, postgres=postgres, port=port, folder=folder, sessions=sessions)
        )
        (folder / "users").write_text(f'"limner" "{secrets.token_hex(8)}"\n')
        log = stack.enter_context(tempfile.TemporaryFile())
        process = subprocess.Popen(
            [program, str(folder / "pgbouncer.ini")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=NOBODY if os.getuid() == 0 else None,
            group=NOBODY if os.getuid() == 0 else None,
            extra_groups=() if os.getuid() == 0 else None,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
        stack.callback(process.wait)
        stack.callback(process.kill)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while b"process up" not in (told := os.pread(log.fileno(), 100_000, 0)):
            assert process.poll() is None, told.decode(errors="replace")
            assert time.monotonic() < deadline, told.decode(errors="replace")
            time.sleep(0.02)  # nothing says when it begins to answer
        yield f"postgresql://limner@127.0.0.1:{port}/{name}"
