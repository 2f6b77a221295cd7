"""The environment's names of settings."""

from pydantic import BaseModel

from storage.settings import PREFIX


def variables(settings: type[BaseModel]) -> dict[str, str]:
    """Names and help of the variables that `settings` reads."""
    return {f"{PREFIX}{name}".upper(): field.description or "" for name, field in settings.model_fields.items()}
