"""What kind of file it is, told from its first bytes. Names and senders are not asked: they may say what they like."""

HEAD_BYTES = 64
"""So many of the first bytes are enough."""

UNKNOWN = "application/octet-stream"

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
# Pictures (AVIF, HEIC) and QuickTime begin with `ftyp` as well.
_MP4_BRANDS = frozenset({b"isom", b"mp41", b"mp42", b"avc1", b"dash", b"M4V ", b"M4VP", b"MSNV"}) | {
    b"iso%d" % number for number in range(2, 10)
}


def content_type_of(head: bytes) -> str:
    """The media type of a file that begins with `head`; `UNKNOWN` where it is none that Limner shows."""
    for beginning, content_type in _BEGINNINGS:
        if head.startswith(beginning):
            return content_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _MP4_BRANDS:
        return "video/mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head[:HEAD_BYTES]:
        return "video/webm"
    return UNKNOWN
