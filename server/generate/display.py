"""Shows a set being made: bars on a terminal, plain lines elsewhere. Both on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TaskProgressColumn, TextColumn
from rich.table import Column
from rich.text import Text

from server.generate.rows import rows, time_left
from server.generate.session import Display
from server.generate.state import CharacterSet

REFRESHES = 10
"""A second."""


@contextmanager
def display(console: Console, count: int, now: Callable[[], datetime]) -> Iterator[Display]:
    """What suits `console`, for as long as a set of `count` is made. `now` is the server's clock."""
    if not console.is_terminal:
        yield Lines(console, count)
        return
    progress = Progress(
        TextColumn("{task.description}", table_column=Column(ratio=3, no_wrap=True, overflow="ellipsis")),
        BarColumn(bar_width=None, table_column=Column(ratio=2)),
        TaskProgressColumn(),
        TextColumn("{task.fields[stage]}", table_column=Column(ratio=3, no_wrap=True, overflow="ellipsis")),
        TimeLeft(now),
        console=console,
        refresh_per_second=REFRESHES,
        expand=True,
    )
    with progress:
        yield Bars(progress, count)


class TimeLeft(ProgressColumn):
    """Counts down by itself between two records."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(table_column=Column(min_width=10, no_wrap=True, justify="right"))
        self._now = now

    def render(self, task: Task) -> Text:
        return Text(time_left(task.fields["expected_at"], self._now()), style="progress.remaining")


class Bars:
    def __init__(self, progress: Progress, count: int) -> None:
        self._progress = progress
        self._count = count
        self._tasks: list[TaskID] = []
        self._note: str | None = None

    def show(self, characters: CharacterSet) -> None:
        now = rows(characters, self._count)
        while len(self._tasks) < len(now):
            self._tasks.append(self._progress.add_task("", total=1.0, stage="", expected_at=None))
        for task, row in zip(self._tasks, now, strict=False):
            self._progress.update(
                task,
                description=escape(row.title),
                completed=row.progress,
                stage=escape(row.stage),
                expected_at=row.expected_at,
            )

    def note(self, sentence: str | None) -> None:
        if sentence is not None and sentence != self._note:
            self._progress.console.print(sentence, style="dim", markup=False)
        self._note = sentence


class Lines:
    """A line for each row that is new or has reached another stage, so that a log stays short."""

    def __init__(self, console: Console, count: int) -> None:
        self._console = console
        self._count = count
        self._stages: list[tuple[str, str]] = []
        self._note: str | None = None

    def show(self, characters: CharacterSet) -> None:
        now = [(row.title, row.stage) for row in rows(characters, self._count)]
        for place, (title, stage) in enumerate(now):
            if self._stages[place : place + 1] != [(title, stage)]:
                self._print(f"{title}: {stage}")
        self._stages = now

    def note(self, sentence: str | None) -> None:
        if sentence is not None and sentence != self._note:
            self._print(sentence)
        self._note = sentence

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
