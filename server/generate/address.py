"""Where the server is, and what follows from it. Pure."""

from collections.abc import Iterable

import httpx

from server.generate.errors import BadAddress


class Address:
    """A server, which may live in a folder of a site. Raises BadAddress for what is no http(s) URL."""

    def __init__(self, url: str) -> None:
        try:
            given = httpx.URL(url)
        except httpx.InvalidURL:
            raise BadAddress(url) from None
        if given.scheme not in ("http", "https") or not given.host:
            raise BadAddress(url)
        self._base = given.copy_with(path=given.path.rstrip("/") + "/", query=None, fragment=None)

    def __str__(self) -> str:
        return str(self._base)

    def resolve(self, path: str) -> httpx.URL:
        """The URL of a path from the server's root. Absolute URLs stay as they are."""
        from_root = path.startswith("/") and not path.startswith("//")
        return self._base.join(f".{path}" if from_root else path)

    def is_own(self, url: httpx.URL) -> bool:
        """Whether `url` is of this server, so that it may see the key."""
        return (url.scheme, url.host, url.port) == (self._base.scheme, self._base.host, self._base.port)

    def websocket(self, job_ids: Iterable[str]) -> str:
        """The WebSocket that watches jobs without being asked."""
        scheme = "wss" if self._base.scheme == "https" else "ws"
        url = self.resolve("/ws").copy_with(scheme=scheme)
        return str(url.copy_merge_params({"job": list(job_ids)}))

    def page(self, set_id: str) -> str:
        """The page that shows a set."""
        return f"{self._base}#set={set_id}"
