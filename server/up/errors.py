"""Why `up` or `serve` does not start."""


class CannotStart(Exception):
    """Something outside Limner is in the way. The message is one plain sentence for whoever typed the command."""
