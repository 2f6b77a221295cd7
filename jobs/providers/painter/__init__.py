"""The default portrait provider: a painter of our own."""

from jobs.providers.painter.provider import Painter

__all__ = ["Painter"]
