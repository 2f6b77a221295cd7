"""What `up` shows: its own sentences, and each part's lines behind the part's name."""

import os
from collections.abc import Iterable
from typing import TextIO

import click

_COLOURS = ("cyan", "green", "yellow", "magenta", "blue")


class Console:
    """Writes to a terminal, with colours, or to anything else, without. A reader that went away is not an error."""

    def __init__(self, out: TextIO, names: Iterable[str]) -> None:
        names = list(names)
        width = max(map(len, names), default=0)
        colourful = out.isatty() and not os.environ.get("NO_COLOR")
        self._out = out
        self._colourful = colourful
        self._prefixes = {
            name: click.style(f"{name:<{width}} │", fg=_COLOURS[index % len(_COLOURS)])
            if colourful
            else f"{name:<{width}} │"
            for index, name in enumerate(names)
        }

    def show(self, name: str, line: str) -> None:
        """A line that the part `name` printed."""
        self._write(f"{self._prefixes[name]} {line}\n")

    def ready(self, greeting: str) -> None:
        self.say(greeting)

    def stopping(self) -> None:
        self.say("Stopping; once more kills at once.")

    def ended(self, name: str, end: str, again_in: float) -> None:
        self.say(f"{name} {end}; starting it again in {again_in:g} s.")

    def refused(self, name: str) -> None:
        self.say(f"{name} refuses to start; the reason stands above.")

    def late(self, name: str, grace: float) -> None:
        self.say(f"{name} did not stop within {grace:g} s and is killed.")

    def stopped(self, name: str) -> None:
        self.say(f"{name} stopped.")

    def say(self, sentence: str) -> None:
        """A sentence of `up` itself."""
        self._write(f"{click.style(sentence, bold=True) if self._colourful else sentence}\n")

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except OSError:
            # The terminal or the pipe is gone, the parts need not be. What is still buffered has to go somewhere, or
            # the interpreter complains at its end.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._out.fileno())
            os.close(nowhere)
