"""A TCP proxy between a client and a server that can cut the line, and refuse new ones, while a test says so."""

import socket
import threading
from types import TracebackType
from typing import Self


class Proxy:
    """Listens on `port` and hands everything on to `target`, until `cut`; then nothing passes until `mend`."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._lines: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._up = True
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._listener.close()
        self.cut()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Every line is dropped, and new ones are closed as soon as they come."""
        with self._lock:
            self._up = False
            lines, self._lines = self._lines, set()
        for line in lines:
            _close(line)

    def mend(self) -> None:
        with self._lock:
            self._up = True

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                _close(near)
                continue
            with self._lock:
                up = self._up
                if up:
                    self._lines |= {near, far}
            if not up:
                _close(near)
                _close(far)
                continue
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        _close(source)
        _close(sink)


def _close(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    finally:
        line.close()
