import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)

from storage.objects.s3_errors import is_unknown_object, unavailable

ENDPOINT = "https://key:a-secret@bucket.example:444/path"


def said(code: str, status: int, message: str = "") -> str:
    error = ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "PutObject",
    )
    return unavailable(error, bucket="pictures", endpoint=ENDPOINT).detail


@pytest.mark.parametrize(
    ("code", "status", "sentence"),
    [
        ("NoSuchBucket", 404, "the bucket pictures does not exist"),
        ("404", 404, "the bucket pictures does not exist"),
        ("AccessDenied", 403, "the key in LIMNER_S3_ACCESS_KEY_ID may not do this in the bucket pictures"),
        ("403", 403, "the key in LIMNER_S3_ACCESS_KEY_ID may not do this in the bucket pictures"),
        ("Unauthorized", 401, "the key in LIMNER_S3_ACCESS_KEY_ID may not do this in the bucket pictures"),
        ("InvalidAccessKeyId", 403, "the key in LIMNER_S3_ACCESS_KEY_ID is not known there"),
        ("RequestTimeTooSkewed", 403, "the clock of this machine is wrong"),
        ("PermanentRedirect", 301, "the bucket is in another region than LIMNER_S3_REGION says"),
        ("SlowDown", 503, "it is asked too much of, and wants us to slow down"),
        ("TooManyRequestsOfAKind", 429, "it is asked too much of, and wants us to slow down"),
        ("InternalError", 500, "it answered 500 (InternalError)"),
        ("", 502, "it answered 502 (no code)"),
        ("<b>a word that we were told</b>", 400, "it answered 400 (no code)"),
    ],
)
def test_what_the_store_answered_becomes_a_sentence(code: str, status: int, sentence: str) -> None:
    assert said(code, status) == sentence


def test_what_the_store_wrote_is_not_repeated() -> None:
    assert "AKIA" not in said("Odd", 400, "The key AKIA… is odd")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (EndpointConnectionError(endpoint_url=ENDPOINT), "bucket.example cannot be reached"),
        (ConnectTimeoutError(endpoint_url=ENDPOINT), "bucket.example cannot be reached"),
        (ReadTimeoutError(endpoint_url=ENDPOINT), "bucket.example does not answer in time"),
        (
            SSLError(endpoint_url=ENDPOINT, error=Exception("self-signed")),
            "the certificate of bucket.example is not trusted, or it speaks no TLS",
        ),
        (ResponseStreamingError(error="cut"), "the connection to bucket.example was lost"),
        (
            IncompleteReadError(actual_bytes=1, expected_bytes=2),
            "bucket.example gave no answer that can be read (IncompleteReadError)",
        ),
    ],
)
def test_what_went_wrong_on_the_way_names_the_host_and_no_secret(error: BotoCoreError, sentence: str) -> None:
    assert unavailable(error, bucket="pictures", endpoint=ENDPOINT).detail == sentence


def test_an_object_that_is_not_there_is_told_from_a_bucket_that_is_not() -> None:
    def answer(code: str) -> ClientError:
        return ClientError({"Error": {"Code": code}}, "GetObject")

    assert is_unknown_object(answer("NoSuchKey"))
    assert is_unknown_object(answer("404"))
    assert not is_unknown_object(answer("NoSuchBucket"))
