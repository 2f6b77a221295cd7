"""`limner generate`: a terminal client of the same calls and the same WebSocket as the page."""

from server.generate.command import run

__all__ = ["run"]
