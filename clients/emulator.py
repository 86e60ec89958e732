"""An emulator as a process of its own, and what tests ask of it beside its clients."""

import ctypes
import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent


def program(name: str = "snowfence-emulator") -> Path:
    """What cargo built."""
    folder = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    found = ROOT / folder / "debug" / name
    if not found.exists():
        raise SystemExit(f"{found} is missing: cargo build -p {name}, or make clients")
    return found


def _end_with_parent() -> None:
    """In the child: whoever ends the tests, be it with SIGKILL, ends the emulator too."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Emulator:
    """A running emulator."""

    def __init__(self, *arguments: str) -> None:
        self.arguments = arguments
        self.process = None
        self.start()

    def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "RUST_LOG"}
        self.process = subprocess.Popen(
            [program(), *self.arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            preexec_fn=_end_with_parent,
        )
        self.line = json.loads(self.process.stdout.readline())
        self.url = self.line["url"]
        self.host, self.port = urlsplit(self.url).hostname, urlsplit(self.url).port
        self.account = f"{self.line['organization']}-{self.line['account']}"

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def user(self, name: str = "OPERATOR") -> dict:
        return next(user for user in self.line["users"] if user["name"] == name)

    def trust(self) -> ssl.SSLContext | None:
        ca = self.line["ca"]
        return ssl.create_default_context(cafile=ca) if ca else None

    # What the emulator itself is asked.

    def ask(self, method: str, path: str, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30, context=self.trust()) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from None
        return json.loads(text) if text else None

    def fault(self, action, nth: int = 1, count: int = 1, **when) -> None:
        self.ask("POST", "/emulator/faults", [{"when": when, "nth": nth, "count": count, "action": action}])

    def faults_left(self) -> list:
        return self.ask("GET", "/emulator/faults")

    def statements(self, since: int = 0) -> list[dict]:
        return self.ask("GET", f"/emulator/statements?since={since}")

    def last(self) -> int:
        """The number of the latest statement."""
        log = self.statements()
        return log[-1]["seq"] if log else 0

    def advance(self, seconds: int) -> None:
        """Puts the emulator's clock forward."""
        self.ask("POST", "/emulator/clock", {"advance": f"{seconds}s"})

    def sql(self, text: str, role: str = "ACCOUNTADMIN") -> dict:
        """Behind the clients' backs, through the SQL API: any number of statements."""
        body = {"statement": text, "role": role, "parameters": {"MULTI_STATEMENT_COUNT": "0"}}
        request = urllib.request.Request(f"{self.url}/api/v2/statements", json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {self.user()['token']}")
        request.add_header("Content-Type", "application/json")
        request.add_header("Accept", "application/json")
        request.add_header("User-Agent", "behind/1")
        try:
            with urllib.request.urlopen(request, timeout=60, context=self.trust()) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{text[:200]}: {error.read().decode()}") from None
