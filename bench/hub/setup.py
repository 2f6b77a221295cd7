"""What all measurements stand on: two cores, the programs, a Redis, and a model of a job."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis, RedisError

from bench.hub.jobs import Model, make_model, write
from bench.hub.machine import Cores, cores, pinned
from bench.hub.native import Programs, build
from bench.processes import NotMeasured, free_port, wait_until
from storage.embedded import prepare

REDIS_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Setup:
    cores: Cores
    programs: Programs
    folder: Path
    """For files of the load; deleted afterwards."""
    redis_port: int
    redis: Redis
    model: Model
    settle_seconds: float
    """After which what connecting has begun is done, and memory stands."""

    def write_jobs(self, count: int, version: int | None = None) -> int:
        """Put `count` jobs into Redis, all at `version` or that of the model. Answers the version."""
        chosen = self.model.version if version is None else version
        write(self.redis, self.model, count, chosen)
        return chosen


@contextmanager
def setup(relay: Path | None = None, *, settle_seconds: float = 1.0) -> Iterator[Setup]:
    """Raises NotMeasured, with the reason, where this machine lacks something."""
    with ExitStack() as stack:
        both = cores()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="limner-bench-")))
        programs = build(folder, relay)
        port = stack.enter_context(_redis(folder, both.load))
        redis = stack.enter_context(Redis(port=port))
        model = make_model(f"redis://127.0.0.1:{port}/0")
        yield Setup(both, programs, folder, port, redis, model, settle_seconds)


@contextmanager
def _redis(folder: Path, core: int) -> Iterator[int]:
    """The Valkey of `up` on a TCP port, since not all that is measured speaks to a unix socket, and without a file."""
    data = folder / "redis"
    data.mkdir()
    port = free_port()
    options = ("--bind", "127.0.0.1", "--port", str(port), "--requirepass", "", "--appendonly", "no")
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            (*prepare(data).command, *options),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=pinned(core),
        )
        try:
            with Redis(port=port) as client:
                wait_until(lambda: _answers(client), REDIS_SECONDS, "Valkey did not start.")
            yield port
            if process.poll() is not None:
                raise NotMeasured("Valkey ended while it was used.")
        finally:
            process.kill()
            process.wait()


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False
