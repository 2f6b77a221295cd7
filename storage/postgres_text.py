"""Text as Postgres takes it: everything but U+0000."""

import json


def without_nul(text: str) -> str:
    """JSON text whose strings and names hold no U+0000, which `jsonb` refuses. Mostly the text itself."""
    if "\\u0000" not in text:
        return text
    return json.dumps(_clean(json.loads(text)), ensure_ascii=False)


def _clean(value: object) -> object:
    match value:
        case str():
            return value.replace("\0", "")
        case list():
            return [_clean(inner) for inner in value]
        case dict():
            return {_clean(name): _clean(inner) for name, inner in value.items()}
        case _:
            return value
