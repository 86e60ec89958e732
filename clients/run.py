"""Runs the tests of this folder and of ../sql/tests in a virtualenv that is made once, in the user's cache.

    python3 clients/run.py [arguments of pytest]
    python3 clients/run.py --program NAME       prints where a program of the virtualenv is

The folder of the virtualenv is named after what it holds: other versions, or another Python, are another folder. It
is built under another name, and renamed when it is whole. Nothing but Python 3 with venv and pip is needed.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections import deque
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
OLDEST = (3, 11)


def fail(message: str) -> None:
    sys.exit(f"clients: {message}")


def say(message: str) -> None:
    print(f"clients: {message}", file=sys.stderr, flush=True)


def check() -> None:
    """Ends with advice where Python is too old, or its venv or pip are missing."""
    if sys.version_info < OLDEST:
        fail(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, and {sys.executable} is {sys.version.split()[0]}. "
            "Name another: make clients PYTHON=python3.12"
        )
    advice = (
        f"{sys.executable} cannot make virtualenvs: the module {{}} is missing. On Debian and Ubuntu it is in the "
        f"package python{sys.version_info[0]}.{sys.version_info[1]}-venv (apt-get install python3-venv), elsewhere it "
        "comes with Python."
    )
    for module in ("venv", "ensurepip"):
        try:
            __import__(module)
        except ImportError:
            fail(advice.format(module))


def cache() -> Path:
    """The user's cache folder of this project."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    return Path(given if os.path.isabs(given) else Path.home() / ".cache") / "snowfence"


def key() -> str:
    """What makes one virtualenv another."""
    parts = (REQUIREMENTS.read_bytes(), sys.version.encode(), os.path.realpath(sys.executable).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def count() -> int:
    lines = (line.strip() for line in REQUIREMENTS.read_text().splitlines())
    return sum(1 for line in lines if line and not line.startswith("#"))


def install(python: Path, log: Path) -> None:
    """Installs the pinned packages, and tells how far it is."""
    whole, seen, last = count(), 0, deque(maxlen=20)
    bright = sys.stderr.isatty()
    command = [python, "-m", "pip", "--no-input", "--disable-pip-version-check", "install"]
    # What is not in the list is not installed: no surprise tomorrow.
    command += ["--no-deps", "--progress-bar=off", "--requirement", REQUIREMENTS]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        with log.open("w") as kept:
            for line in process.stdout:
                kept.write(line)
                last.append(line)
                if found := re.match(r"Collecting (\S+)", line):
                    seen += 1
                    if bright:
                        print(f"\r\033[Kclients: {seen} of {whole} {found[1]}", end="", file=sys.stderr, flush=True)
                    elif seen % 20 == 0:
                        say(f"{seen} of {whole} packages")
                elif line.startswith("Installing"):
                    print("\r\033[K" if bright else "", end="", file=sys.stderr)
                    say("all are here; installing them")
        status = process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    if status:
        print("".join(last), end="", file=sys.stderr)
        fail(
            "pip could not install the pinned packages (its last words are above). It needs a package index: the one "
            "that pip is configured for, as `pip config list` shows."
        )
    found = subprocess.run([python, "-m", "pip", "check"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if found.returncode:
        fail(f"the pinned packages do not go together:\n{found.stdout}")


def move(building: Path, final: Path) -> None:
    """Puts the folder where it belongs; its programs name their Python by its path."""
    for program in (building / "bin").iterdir():
        if program.is_file() and not program.is_symlink():
            text = program.read_bytes()
            if str(building).encode() in text:
                program.write_bytes(text.replace(str(building).encode(), str(final).encode()))
    building.rename(final)


def build(final: Path) -> None:
    import venv

    final.parent.mkdir(parents=True, exist_ok=True)
    lock = (final.parent / "clients.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another process is building the virtualenv; waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)
    if final.exists():
        return
    # What a build left that was ended.
    for leftover in final.parent.glob("clients-*.building"):
        shutil.rmtree(leftover, ignore_errors=True)
    building = final.with_name(f"{final.name}.building")
    log = final.with_name(f"{final.name}.log")
    say(f"making a virtualenv with {count()} packages, this once: about a minute. Into {final}")
    try:
        try:
            venv.create(building, with_pip=True, symlinks=True)
        except subprocess.CalledProcessError as error:
            fail(f"the virtualenv could not be made ({error}); see `{sys.executable} -m venv --help`")
        install(building / "bin" / "python", log)
        move(building, final)
    finally:
        shutil.rmtree(building, ignore_errors=True)
        log.unlink(missing_ok=True)


def main() -> None:
    check()
    folder = cache() / f"clients-{key()}"
    if not folder.exists():
        build(folder)
    if sys.argv[1:2] == ["--program"]:
        program = folder / "bin" / (sys.argv[2] if len(sys.argv) == 3 else "")
        if not program.is_file():
            fail(f"there is no program {program}")
        print(program)
        return
    python = folder / "bin" / "python"
    # Two at a time suffice, and leave a small machine its breath.
    arguments = ["-c", str(HERE / "pytest.ini"), "-n", "2", "--dist", "worksteal", *sys.argv[1:]]
    os.chdir(HERE)
    # Nothing but the virtualenv and this folder; and nothing is left in this folder.
    os.environ["PYTHONNOUSERSITE"] = "1"
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    os.environ.pop("PYTHONPATH", None)
    os.execv(python, [str(python), "-m", "pytest", *arguments])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
