"""`limner jobs`: look at jobs, stop them and have them tried again, from anywhere that reaches the server."""

from server.jobs_command.command import cancel, listing, retry, retry_all, show

__all__ = ["cancel", "listing", "retry", "retry_all", "show"]
