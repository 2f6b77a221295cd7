"""The launcher, in a small repository of its own: what it installs is a wheel made here, what it starts a stand-in."""

import ast
import base64
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from server.cli import main
from server.up.python import ROOT

LAUNCHER = ROOT / "limner"

SERVER = """
import json, os, sys
from importlib import metadata
names = ("limner-need", "limner-tool")
installed = {name: metadata.version(name) for name in names if list(metadata.distributions(name=name))}
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "pid": os.getpid(), "installed": installed}))
"""


class Repository:
    """A folder with the launcher, a stand-in for the server, and the locks of wheels that need no network."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "repository"
        self._wheels = folder / "wheels"
        self._wheels.mkdir(parents=True)
        (self.root / "server").mkdir(parents=True)
        shutil.copy(LAUNCHER, self.root)
        (self.root / "server" / "__main__.py").write_text(SERVER)
        self.lock("requirements.lock", "limner-need", "1.0")
        self.lock("requirements-dev.lock", "limner-tool", "1.0")

    def lock(self, file: str, name: str, version: str, digest: str | None = None) -> None:
        """Let `file` name this version of a package, under its real hash or a wrong one."""
        wheel = self._wheel(name, version)
        digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
        (self.root / file).write_text(f"{name}=={version} --hash=sha256:{digest}\n")

    def _wheel(self, name: str, version: str) -> Path:
        info = f"{name.replace('-', '_')}-{version}.dist-info"
        files = {
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        digests = {
            path: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            for path, text in files.items()
        }
        record = "".join(f"{path},sha256={digests[path]},{len(text)}\n" for path, text in files.items())
        wheel = self._wheels / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
                archive.writestr(path, text)
        return wheel

    def environment(self, **variables: str) -> dict[str, str]:
        foreign = ("LIMNER_", "PIP_", "PYTHON", "VIRTUAL_ENV")
        ours = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self._wheels), "PIP_CONFIG_FILE": os.devnull}
        return {**ours, **pip, **variables}

    def start(self, *arguments: str, folder: Path | None = None, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(self.root / "limner"), *arguments],
            cwd=folder or self.root,
            env=self.environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, folder: Path | None = None, **variables: str) -> tuple[int, str, str]:
        with self.start(*arguments, folder=folder, **variables) as process:
            out, err = process.communicate(timeout=60)
            return process.returncode, out, err


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def in_altered_python(launcher: Path, alteration: str) -> subprocess.CompletedProcess[str]:
    """`limner up` in a Python that `alteration` has changed first."""
    code = f"import runpy, sys; {alteration}; runpy.run_path({str(launcher)!r}, run_name='__main__')"
    return subprocess.run([sys.executable, "-I", "-c", code, "up"], capture_output=True, text=True)


def test_it_installs_what_the_lock_names_and_becomes_the_server(repository: Repository, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "server").mkdir(parents=True)
    (elsewhere / "server" / "__main__.py").write_text("raise SystemExit('the wrong server')")

    with repository.start("up", "--port", "0", folder=elsewhere) as process:
        out, err = process.communicate(timeout=60)

    assert process.returncode == 0, err
    assert json.loads(out) == {
        "arguments": ["up", "--port", "0"],
        "folder": str(elsewhere),
        "pid": process.pid,
        "installed": {"limner-need": "1.0"},
    }
    assert (
        err == "limner: making .venv.\nlimner: installing what requirements.lock names into .venv; this is done once.\n"
    )

    assert repository.run("up")[2] == "", "nothing is to be installed twice"


def test_a_changed_lock_is_installed_into_the_venv_that_is_there(repository: Repository) -> None:
    repository.run("up")
    repository.lock("requirements.lock", "limner-need", "2.0")

    status, out, err = repository.run("up")

    assert status == 0, err
    assert json.loads(out)["installed"] == {"limner-need": "2.0"}
    assert "making .venv" not in err


def test_tests_and_checks_have_their_tools_installed_too(repository: Repository) -> None:
    status, out, err = repository.run("test", "-k", "hub")

    assert status == 0, err
    assert json.loads(out)["installed"] == {"limner-need": "1.0", "limner-tool": "1.0"}
    assert json.loads(out)["arguments"] == ["test", "-k", "hub"]


def test_an_installation_that_failed_is_done_again(repository: Repository) -> None:
    repository.lock("requirements.lock", "limner-need", "1.0", digest="0" * 64)

    status, out, err = repository.run("up")

    assert (status, out) == (1, "")
    assert err.endswith("limner: could not install requirements.lock; the reason stands above.\n")
    assert "Traceback" not in err

    repository.lock("requirements.lock", "limner-need", "1.0")
    assert json.loads(repository.run("up")[1])["installed"] == {"limner-need": "1.0"}


def test_a_lock_that_comes_back_after_a_failure_is_installed_again(repository: Repository) -> None:
    repository.run("up")
    good = (repository.root / "requirements.lock").read_text()
    repository.lock("requirements.lock", "limner-need", "2.0", digest="0" * 64)
    repository.run("up")
    (repository.root / "requirements.lock").write_text(good)

    assert "installing" in repository.run("up")[2]


def test_a_venv_of_a_python_that_is_gone_is_made_anew(repository: Repository) -> None:
    repository.run("up")
    python = repository.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3.11")

    status, _, err = repository.run("up")

    assert status == 0, err
    assert "making .venv" in err


def test_one_launcher_installs_while_the_others_wait(repository: Repository) -> None:
    venv = repository.root / ".venv"
    venv.mkdir()
    guard = os.open(venv, os.O_RDONLY)
    fcntl.flock(guard, fcntl.LOCK_EX)
    with repository.start("up") as first, repository.start("up") as second:
        for launcher in (first, second):
            assert launcher.stderr is not None
            assert launcher.stderr.readline() == "limner: another start is installing; waiting for it.\n"

        os.close(guard)
        said = [launcher.communicate(timeout=60)[1] for launcher in (first, second)]

    assert (first.returncode, second.returncode) == (0, 0), said
    assert sorted(map(bool, said)) == [False, True], "one of them installed, the other found it done"


def test_without_a_venv_the_present_python_is_used_as_it_is(repository: Repository) -> None:
    status, out, err = repository.run("up", LIMNER_NO_VENV="1")

    assert (status, err) == (0, "")
    assert json.loads(out)["arguments"] == ["up"]
    assert not (repository.root / ".venv").exists()


def test_a_folder_that_takes_no_venv_is_said_in_a_sentence(repository: Repository) -> None:
    (repository.root / ".venv").touch()

    status, out, err = repository.run("up")

    assert (status, out) == (1, "")
    assert re.fullmatch(r"limner: the libraries cannot be installed into \S+: .*\n", err)


def test_an_old_python_is_told_so_in_a_sentence() -> None:
    ended = in_altered_python(LAUNCHER, "sys.version_info = (3, 9, 18, 'final', 0)")

    assert ended.returncode == 1
    assert re.fullmatch(r"limner: Limner needs Python 3\.11 or newer, and this is 3\.9\.18 \(.*\)\.\n", ended.stderr)


def test_an_old_python_can_read_it_that_far() -> None:
    ast.parse(LAUNCHER.read_text(), feature_version=(3, 6))


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_without_venv_is_told_what_to_install(repository: Repository, missing: str) -> None:
    ended = in_altered_python(repository.root / "limner", f"sys.modules[{missing!r}] = None")

    assert ended.returncode == 1
    assert re.fullmatch(r"limner: this Python .* lacks the venv module: .*python3-venv.*\n", ended.stderr)


def test_libraries_missing_without_a_venv_are_said_in_a_sentence(repository: Repository) -> None:
    # -S leaves out site-packages, and with it every library.
    command = [sys.executable, "-S", str(repository.root / "limner"), "up"]
    bare = repository.environment(LIMNER_NO_VENV="1")

    ended = subprocess.run(command, capture_output=True, text=True, env=bare)

    assert ended.returncode == 1
    assert re.fullmatch(r"limner: LIMNER_NO_VENV is set, but this Python .* lacks .*\n", ended.stderr)


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_needs_no_installation_and_names_every_command(repository: Repository, arguments: tuple[str, ...]) -> None:
    status, out, err = repository.run(*arguments)

    assert (status, err) == (0, "")
    assert set(re.findall(r"\./limner ([a-z]+) ", out)) == set(main.commands)
    assert not (repository.root / ".venv").exists()


def test_both_locks_agree_and_name_no_host() -> None:
    pins = {}
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert not re.search(r"^-", text, re.MULTILINE)
        pins[name] = set(re.findall(r"^[a-z0-9][^\\\n]*", text, re.MULTILINE))

    assert pins["requirements.lock"] <= pins["requirements-dev.lock"]
