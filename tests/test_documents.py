"""What the documents say is what the code does."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from jobs.settings import WorkerSettings
from server.app import create_app
from server.settings import ServerSettings
from storage.settings import load

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
ROW = re.compile(r"^\| `(LIMNER_\w+)` \|(?: `(.*?)`)? +\| (.+) \|$", re.MULTILINE)


def settings() -> Iterator[tuple[str, str, str]]:
    """Name, default and help of every setting."""
    classes: tuple[type[BaseSettings], ...] = (ServerSettings, WorkerSettings)
    for fields in (settings.model_fields for settings in classes):
        for name, field in fields.items():
            value = field.default if field.default_factory is None else ""
            if isinstance(value, SecretStr):
                value = value.get_secret_value()
            if isinstance(value, bool):
                value = int(value)
            yield f"LIMNER_{name.upper()}", str(value), field.description or ""


def test_the_readme_lists_every_setting_with_its_default_and_its_help() -> None:
    assert {row.groups(default="") for row in ROW.finditer(README)} == set(settings())


def test_the_readme_lists_every_route() -> None:
    app = create_app(load(ServerSettings))
    named = re.findall(r"`(?:GET|POST|PATCH|DELETE) (/[^?`]*)", README)
    documented = {re.sub(r"<(\w+)>", r"{\1}", path) for path in named}
    documented |= {"/jobs/{id}/retry", "/temp-portraits/{id}/image"}  # they share a row, as `…/retry` and `…/image`
    routes = {str(getattr(route, "path", "")) for route in app.routes}
    assert documented == {path for path in routes if path != "/" and not path.startswith("/web")}


@pytest.mark.parametrize(
    "command", ["./limner up", "./limner test", "./limner check", "./limner generate", "./limner jobs"]
)
def test_the_readme_names_the_commands(command: str) -> None:
    assert f"    {command}" in README


@pytest.mark.parametrize(
    "document", ["README.md", "CHANGELOG.md", *(f"docs/{name.name}" for name in (ROOT / "docs").glob("*.md"))]
)
def test_every_link_of_a_document_leads_somewhere(document: str) -> None:
    text = (ROOT / document).read_text()
    targets = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
    assert [target for target in targets if not (ROOT / document).parent.joinpath(target).exists()] == []


def test_the_changelog_begins_with_the_version_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.findall(r"^## \[([\d.]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0] == version


def test_the_example_of_the_environment_names_no_setting_that_is_none() -> None:
    known = {name for name, _, _ in settings()} | {"LIMNER_WORKERS", "LIMNER_PUBLISHED"}
    named = re.findall(r"^(LIMNER_\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert set(named) <= known
