"""Logs: one named event a line, as text for a person or JSON for a program.

The events are listed in docs/logs.md. A line carries no secret, no picture and no whole id: ids by their first eight
characters, which `log` sees to itself.
"""

import contextlib
import logging
import sys
from enum import StrEnum
from typing import Literal

import structlog

from storage.records.ids import short


class Event(StrEnum):
    """Everything that is ever logged, by name. The text is the line's message."""

    SUBMITTED = "job submitted"
    DEDUPLICATED = "job deduplicated"
    CLAIMED = "job claimed"
    PROVIDER_CALLED = "provider called"
    SUCCEEDED = "job succeeded"
    FAILED = "job failed"
    CANCELED = "job canceled"
    RETRIED = "job retried"
    REMOVED = "job removed"
    RUN_AGAIN = "job runs again"
    HANDED_BACK = "job handed back"
    RESUMED = "job resumed"
    FENCED = "job taken over"
    SWEPT = "job swept"
    WORLD_CREATED = "world created"
    WORLD_DELETED = "world deleted"
    SERVER_STARTED = "server started"
    SERVER_DRAINING = "server draining"
    SERVER_STOPPED = "server stopped"
    CONNECTIONS_LOWERED = "connection limit lowered"
    PROCESS_ENDED = "server process ended"
    PROCESS_KILLED = "server process killed"
    WORKER_STARTED = "worker started"
    WORKER_STOPPED = "worker stopped"
    PROVIDER_PAUSED = "provider paused"
    PROVIDER_RESUMED = "provider resumed"
    WEBHOOK_DELIVERED = "webhook delivered"
    WEBHOOK_FAILED = "webhook failed"
    WEBHOOK_GIVEN_UP = "webhook given up"
    TAKEN_UP = "picture taken up"
    MADE_AGAIN = "made again"
    WORLD_REMOVED = "world removed"
    DATABASE_LOST = "postgres lost"
    DATABASE_BACK = "postgres back"
    DATABASE_REMARK = "postgres remark"
    OBJECTS_LOST = "object store lost"
    OBJECTS_BACK = "object store back"
    STORE_LOST = "redis lost"
    STORE_BACK = "redis back"
    STORE_UNSAFE = "redis remark"
    MISSED = "changes missed"
    REQUEST_FAILED = "request failed"
    SESSIONS_END = "sessions end with this process"
    CRASHED = "crashed"


SAID_BEFORE = ("Exception in ASGI application", "Invalid HTTP request received")
"""What uvicorn says of a request: an exception has been logged by name, and bad bytes are a stranger's affair."""


def configure(form: Literal["text", "json"], level: str, *, process: int | None = None) -> None:
    """Set up the process's logs on standard error. Libraries may speak from `warning` on; access lines are off.

    `process` is the number of one of several that write to the same place; each of its lines has it.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    if process is not None:
        shared.append(lambda _, __, line: {**line, "process": process})
    renderer: structlog.typing.Processor
    if form == "json":
        shared.append(structlog.processors.format_exc_info)
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), pad_event_to=20, exception_formatter=structlog.dev.plain_traceback
        )
    # Our own lines go straight to standard error: through `logging` each would cost twice as much.
    structlog.configure(
        processors=[*shared, renderer],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(lambda record: not str(record.msg).startswith(SAID_BEFORE))
    for noisy in ("uvicorn.access", "arq.worker"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger()


def log(event: Event, *, job: str | None = None, **fields: object) -> None:
    """Write one line. `job` is a job's id; of it eight characters are written."""
    _write("info", event, job, fields)


def warn(event: Event, *, job: str | None = None, **fields: object) -> None:
    _write("warning", event, job, fields)


def log_error(event: Event, *, job: str | None = None, exception: BaseException | None = None) -> None:
    """Write one line and, where there is one, the exception with its traceback: a fault of ours, to be mended."""
    _write("error", event, job, {"exc_info": exception} if exception is not None else {})


def _write(level: str, event: Event, job: str | None, fields: dict[str, object]) -> None:
    named = {"job": short(job), **fields} if job is not None else fields
    with contextlib.suppress(OSError):  # nobody reads it, or the disk is full: the work goes on
        getattr(_logger, level)(event.value, **named)
