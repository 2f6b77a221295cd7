"""Nchan, the push module of nginx, as Debian packages it: in memory, and with Redis between its processes."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from bench.hub.target import Command, Dialect, Place, Publication, width

MODULE = "ngx_nchan_module.so"
ROOM = 1000
"""Connections of nginx that are no client's."""
PUBLISHERS = 16
"""Connections that events are posted on, each with one on its way: enough to keep the server busy; four times as many
cost it the same for a delivery. Many of them for few clients could let two events of one job overtake each other."""

# Without `multi_accept` the last publisher to be let in posts its first event after the others have gone all round.
CONFIGURATION = """\
load_module {module};
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events {{
  worker_connections {connections};
  multi_accept on;
}}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  nchan_max_reserved_memory 512M;
  {upstream}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    nchan_message_buffer_length 1;
    location = /status {{ nchan_stub_status; }}
    location = /ready {{
      {unready}
      return 200;
    }}
    location ~ ^/follow/(.+)$ {{
      {through}
      nchan_subscriber websocket;
      nchan_channel_id $1;
      nchan_subscriber_first_message newest;
    }}
    location ~ ^/publish/(.+)$ {{
      {through}
      nchan_publisher;
      nchan_channel_id $1;
    }}
  }}
}}
"""

THROUGH_REDIS = {
    "upstream": "upstream redis {{ nchan_redis_server redis://127.0.0.1:{redis_port}/; }}",
    "unready": "if ($nchan_stub_status_redis_unhealthy_upstreams != 0) {{ return 503; }}",
    "through": "nchan_redis_pass redis;",  # in each location: further up it is accepted and does nothing
}


class Nchan:
    """Events are posted over HTTP, so the server's CPU has the publication in it.

    With `redis` its messages go through Redis and not through its own memory.
    """

    dialect = Dialect("/follow/{id}")

    def __init__(self, *, redis: bool = False) -> None:
        self._redis = redis

    @property
    def name(self) -> str:
        module = find_module()
        words = ["Nchan", version_in(module.read_bytes()) if module else "", "+ Redis" if self._redis else ""]
        return " ".join(filter(None, words))

    def missing(self) -> str | None:
        if find_module() is None:
            return "nginx with the module Nchan is not here (on Debian `apt install nginx libnginx-mod-nchan`)."
        return None

    def command(self, place: Place) -> Command:
        file = place.folder / "nginx.conf"
        redis = THROUGH_REDIS if self._redis else dict.fromkeys(THROUGH_REDIS, "")
        redis = {name: words.format(redis_port=place.redis_port) for name, words in redis.items()}
        connections = place.clients + ROOM
        file.write_text(CONFIGURATION.format(module=find_module(), port=place.port, connections=connections, **redis))
        words = (str(find_nginx()), "-e", "stderr", "-p", str(place.folder), "-c", str(file))
        return Command(words, ready="/ready")

    def publication(self, record: bytes, place: Place) -> Publication:
        head = b"POST /publish/{id} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d"
        return Publication(
            place.port,
            head % width(record) + b"\r\n\r\n" + record,
            acknowledgement=b"HTTP/1.1 20",
            connections=max(1, min(PUBLISHERS, place.clients // 8)),
            window=1,
        )


def find_nginx() -> str | None:
    """The one that LIMNER_NGINX names, else one on the path, or where only root looks for it."""
    if named := os.environ.get("LIMNER_NGINX"):
        return shutil.which(named)
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/local/sbin:/usr/sbin")


def find_module() -> Path | None:
    """Where the nginx that is installed has its modules."""
    nginx = find_nginx()
    if nginx is None:
        return None
    built = subprocess.run([nginx, "-V"], capture_output=True, text=True, check=False).stderr
    folder = re.search(r"--modules-path=(\S+)", built)
    module = Path(folder[1], MODULE) if folder else None
    return module if module is not None and module.exists() else None


def version_in(module: bytes) -> str:
    """What `$nchan_version` says; empty if it is not to be found."""
    found = re.search(rb"\0(\d+\.\d+\.\d+)\0", module)
    return found[1].decode() if found else ""
