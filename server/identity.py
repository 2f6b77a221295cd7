"""Who calls: a program by its key, a browser by its session cookie."""

import hmac
import secrets
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from server.problems import Problem
from server.settings import ServerSettings
from storage.stored import Stored

COOKIE = "limner_session"
COOKIE_SECONDS = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Caller:
    """`owner` is none for a browser that has no session yet; `operator` may do everything."""

    owner: str | None
    operator: bool = False

    def may_control(self, stored: Stored) -> bool:
        return self.operator or (self.owner is not None and self.owner == stored.owner)


class Identity:
    """Tells callers apart. A session is a signed random name; it is all that the server knows of a browser."""

    def __init__(self, settings: ServerSettings) -> None:
        secret = settings.secret.get_secret_value() or secrets.token_urlsafe(32)
        self._serializer = URLSafeSerializer(secret, salt="session")
        self._keys = settings.keys
        self._operator_key = settings.operator_key.get_secret_value()
        self._anonymous = settings.anonymous
        self._https = settings.public_url.startswith("https:")
        self._path = f"{settings.public_path}/"

    def caller(self, request: Request) -> Caller:
        """Who sent this. Raises Problem 401 for a key that is none."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._of_key(key.strip())
        try:
            session = self._serializer.loads(request.cookies.get(COOKIE, ""))
        except BadSignature:
            return Caller(None)
        return Caller(f"session:{session}" if self._anonymous else None)

    def _of_key(self, key: str) -> Caller:
        if self._operator_key and hmac.compare_digest(key.encode(), self._operator_key.encode()):
            return Caller("operator", operator=True)
        for known, name in self._keys.items():
            if hmac.compare_digest(key.encode(), known.encode()):
                return Caller(f"key:{name}")
        raise Problem(401, "This key is not known.", headers={"WWW-Authenticate": "Bearer"})

    def begin_session(self) -> tuple[str, str]:
        """A new session: the owner's name, and the cookie's value for `remember`.

        Raises Problem 401 where only those who have a key may ask for jobs.
        """
        if not self._anonymous:
            raise Problem(401, "This server wants a key.", headers={"WWW-Authenticate": "Bearer"})
        session = secrets.token_urlsafe(16)
        return f"session:{session}", str(self._serializer.dumps(session))

    def renew(self, response: Response, caller: Caller, request: Request) -> None:
        """Let the session that the caller has last for another year from now: what it owns has no other owner."""
        if caller.owner is not None and caller.owner.startswith("session:"):
            self.remember(response, request.cookies[COOKIE], request)

    def remember(self, response: Response, value: str, request: Request) -> None:
        response.set_cookie(
            COOKIE,
            value,
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="lax",
            secure=self._https or request.url.scheme == "https",
            path=self._path,
        )
