"""What S3 and botocore say when something is wrong, in sentences for an operator. None holds a secret."""

from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    ConnectTimeoutError,
    HTTPClientError,
    ParamValidationError,
    ReadTimeoutError,
    SSLError,
)

from storage.errors import ObjectStoreUnavailable

_TOO_MUCH = "it is asked too much of, and wants us to slow down"
_REGION = "the bucket is in another region than LIMNER_S3_REGION says"
_SENTENCES = {
    "InvalidAccessKeyId": "the key in LIMNER_S3_ACCESS_KEY_ID is not known there",
    "SignatureDoesNotMatch": "the signature is not accepted: LIMNER_S3_SECRET_ACCESS_KEY is not the secret of the key, "
    "or something between here and there changes requests",
    "RequestTimeTooSkewed": "the clock of this machine is wrong",
    "ExpiredToken": "the key has expired",
    "AuthorizationHeaderMalformed": _REGION,
    "PermanentRedirect": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "SlowDown": _TOO_MUCH,
    "TooManyRequests": _TOO_MUCH,
    "RequestLimitExceeded": _TOO_MUCH,
    "QuotaExceeded": "its space is used up",
}


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_unknown_object(error: ClientError) -> bool:
    """The answer to HEAD has no body, and so no other code than its status."""
    return code_of(error) in ("NoSuchKey", "404")


def unavailable(error: ClientError | BotoCoreError, *, bucket: str, endpoint: str) -> ObjectStoreUnavailable:
    """`endpoint` is the URL that was asked."""
    if isinstance(error, ClientError):
        return ObjectStoreUnavailable(refusal(code_of(error), status_of(error), bucket))
    host = urlsplit(endpoint).hostname
    match error:
        case ParamValidationError():
            return ObjectStoreUnavailable("LIMNER_S3_BUCKET is no name of a bucket")
        case SSLError():
            return ObjectStoreUnavailable(f"the certificate of {host} is not trusted, or it speaks no TLS")
        case ReadTimeoutError():
            return ObjectStoreUnavailable(f"{host} does not answer in time")
        case ConnectTimeoutError() | ConnectionError():
            return ObjectStoreUnavailable(f"{host} cannot be reached")
        case HTTPClientError():
            return ObjectStoreUnavailable(f"the connection to {host} was lost")
    return ObjectStoreUnavailable(f"{host} gave no answer that can be read ({type(error).__name__})")


def refusal(code: str, status: int, bucket: str) -> str:
    """The sentence for an answer that is an error. What the store itself wrote is not repeated."""
    if code == "NoSuchBucket" or (code == "404" and status == 404):
        return f"the bucket {bucket} does not exist"
    if code in _SENTENCES:
        return _SENTENCES[code]
    if status in (401, 403) or code in ("AccessDenied", "Unauthorized"):
        return f"the key in LIMNER_S3_ACCESS_KEY_ID may not do this in the bucket {bucket}"
    if status == 429:
        return _TOO_MUCH
    word = code if code.isalnum() and len(code) <= 60 else "no code"
    return f"it answered {status or 'an error'} ({word})"
