"""The default video provider: a portrait that breathes, and goes on for ever."""

from jobs.providers.loop.provider import Loop

__all__ = ["Loop"]
