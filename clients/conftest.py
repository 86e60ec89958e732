"""What the tests share: a home without the user's settings, emulators, connections."""

import os
import tempfile

# Before any client is imported: their settings, logs and caches belong to a folder that goes away.
_home = tempfile.TemporaryDirectory(prefix="snowfence-clients-")
for _name in list(os.environ):
    if _name.upper().startswith("SNOWFLAKE_") or _name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
        del os.environ[_name]
os.environ.update(
    HOME=_home.name,
    XDG_CACHE_HOME=f"{_home.name}/.cache",
    XDG_CONFIG_HOME=f"{_home.name}/.config",
    XDG_DATA_HOME=f"{_home.name}/.local/share",
    SNOWFLAKE_HOME=f"{_home.name}/.snowflake",
    # It would look for clouds' metadata services.
    SNOWFLAKE_DISABLE_PLATFORM_DETECTION="true",
    NO_PROXY="*",
    TZ="UTC",
)
os.makedirs(os.environ["SNOWFLAKE_HOME"], mode=0o700)

import pytest  # noqa: E402
import snowflake.connector  # noqa: E402
from emulator import Emulator  # noqa: E402


def pytest_unconfigure() -> None:
    _home.cleanup()


@pytest.fixture(scope="module")
def shared():
    """An emulator for all tests of a file: for those that leave alone what is not theirs."""
    emulator = Emulator("--patience", "2s")
    yield emulator
    emulator.end()


@pytest.fixture
def emulators():
    """Makes emulators that end with the test."""
    made = []

    def make(*arguments: str) -> Emulator:
        made.append(Emulator(*arguments))
        return made[-1]

    yield make
    for emulator in made:
        emulator.end()


@pytest.fixture
def alone(emulators):
    """An emulator for one test: with faults, or with a clock that moves."""
    return emulators("--patience", "2s")


def parameters(emulator: Emulator, user: str = "OPERATOR", **more) -> dict:
    """What connects to an emulator with a password."""
    found = {
        "user": user,
        "account": emulator.account,
        "host": emulator.host,
        "port": emulator.port,
        "protocol": emulator.url.partition(":")[0],
    }
    if "authenticator" not in more:
        found["password"] = emulator.user(user)["password"]
    found.update(more)
    return {name: value for name, value in found.items() if value is not None}


@pytest.fixture
def connect():
    """Makes connections that are closed with the test."""
    made = []

    def make(emulator: Emulator, user: str = "OPERATOR", **more) -> snowflake.connector.SnowflakeConnection:
        made.append(snowflake.connector.connect(**parameters(emulator, user, **more)))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


def rows(connection, text: str, values=None, **more) -> list[tuple]:
    """The rows of a statement."""
    with connection.cursor() as cursor:
        return cursor.execute(text, values, **more).fetchall()
