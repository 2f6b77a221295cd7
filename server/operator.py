"""What only the operator may do: who sends the operator's key, as Bearer, and nobody by a cookie."""

from starlette.requests import Request

from server.problems import Problem
from server.services import Services


def require_operator(services: Services, request: Request) -> None:
    """Raises Problem 401 for a caller without a key, 403 for one with another, or where the operator has none."""
    if not services.settings.operator_key.get_secret_value():
        raise Problem(403, "Only the operator may do this, and LIMNER_OPERATOR_KEY is not set.")
    if "authorization" not in request.headers:
        raise Problem(401, "This wants the operator's key.", headers={"WWW-Authenticate": "Bearer"})
    if not services.identity.caller(request).operator:
        raise Problem(403, "Only the operator may do this.")
