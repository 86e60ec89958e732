"""The `snow` command line, as a process with a home of its own."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from emulator import Emulator


class Snow:
    """The program, and the home where its connections are."""

    def __init__(self, home: Path, emulator: Emulator) -> None:
        self.home, self.emulator = home, emulator
        folder = home / ".snowflake"
        folder.mkdir(mode=0o700)
        common = f'account = "{emulator.account}"\nuser = "OPERATOR"\nhost = "{emulator.host}"\n'
        common += f'port = {emulator.port}\nprotocol = "http"\n'
        user = emulator.user()
        connections = f'''
            [default]
            {common}password = "{user["password"]}"
            role = "ACCOUNTADMIN"
            warehouse = "SNOW"
            database = "SNOW"

            [key]
            {common}authenticator = "SNOWFLAKE_JWT"
            private_key_file = "{user["privateKey"]}"

            [token]
            {common}authenticator = "PROGRAMMATIC_ACCESS_TOKEN"
            token = "{user["token"]}"

            [wrong]
            {common}password = "wrong"
        '''
        for name, text in (("config.toml", ""), ("connections.toml", re.sub(r"(?m)^\s+", "", connections))):
            file = folder / name
            file.write_text(text)
            file.chmod(0o600)
        self.environment = {
            "HOME": str(home),
            "SNOWFLAKE_HOME": str(folder),
            "PATH": os.environ["PATH"],
            "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true",
            "NO_PROXY": "*",
            "LANG": "C.UTF-8",
            "COLUMNS": "300",
            "TERM": "dumb",
        }

    def __call__(self, *arguments: str, fails: int = 0, given: str = "") -> str:
        """What it prints; on stderr when it fails, and words that were wrapped are together again."""
        found = subprocess.run(
            [Path(sys.executable).with_name("snow"), *arguments],
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=50,
        )
        assert found.returncode == fails, found.stdout + found.stderr
        assert "Traceback" not in found.stderr
        return re.sub(r"[\s│]+", " ", found.stderr) if fails else found.stdout

    def json(self, *arguments: str):
        return json.loads(self(*arguments, "--format", "json"))


@pytest.fixture(scope="module")
def snow(tmp_path_factory):
    emulator = Emulator()
    emulator.sql("CREATE WAREHOUSE SNOW; CREATE DATABASE SNOW; CREATE SCHEMA SNOW.S; CREATE WAREHOUSE OTHER")
    emulator.sql("CREATE TABLE SNOW.S.T (ID INT PRIMARY KEY, NAME VARCHAR(10) DEFAULT 'x' COMMENT 'who')")
    yield Snow(tmp_path_factory.mktemp("home"), emulator)
    emulator.end()


def test_the_connection_is_tested(snow):
    assert snow.json("connection", "test") == {
        "Connection name": "default",
        "Status": "OK",
        "Host": "127.0.0.1",
        "Account": "SNOWFENCE-EMULATOR",
        "User": "OPERATOR",
        "Role": "ACCOUNTADMIN",
        "Database": "SNOW",
        "Warehouse": "SNOW",
    }


@pytest.mark.parametrize("name", ["key", "token"])
def test_other_credentials_are_tested(snow, name):
    found = snow.json("connection", "test", "--connection", name)
    assert (found["Status"], found["Role"]) == ("OK", "SYSADMIN")


def test_a_wrong_password_is_told(snow):
    said = snow("connection", "test", "--connection", "wrong", fails=1)
    assert "390100 (28000)" in said and "Incorrect username or password was specified." in said


def test_statements_are_sent_one_by_one(snow):
    since = snow.emulator.last()
    found = snow.json("sql", "-q", "USE ROLE SYSADMIN; SELECT CURRENT_ROLE() AS R, 'a;b' AS T; SHOW WAREHOUSES LIKE 'o%'")
    assert found[0] == [{"status": "Statement executed successfully."}]
    assert found[1] == [{"R": "SYSADMIN", "T": "a;b"}]
    assert [(row["name"], row["auto_suspend"], row["comment"]) for row in found[2]] == [("OTHER", 600, "")]
    log = snow.emulator.statements(since)
    assert [(entry["code"], entry["role"]) for entry in log] == [("090001", "SYSADMIN")] * 3


def test_a_file_is_executed_with_its_variables(snow, tmp_path):
    file = tmp_path / "do.sql"
    file.write_text("-- first\nCREATE WAREHOUSE <% name %> COMMENT = 'it''s; ü';\nSHOW WAREHOUSES LIKE '<% name %>';\n")
    found = snow.json("sql", "-f", str(file), "-D", "name=FROM_FILE")
    assert found[0] == [{"status": "Warehouse FROM_FILE successfully created."}]
    assert (found[1][0]["name"], found[1][0]["comment"]) == ("FROM_FILE", "it's; ü")


def test_an_error_ends_it_with_its_number(snow):
    since = snow.emulator.last()
    said = snow("sql", "-q", "SELECT 1; DROP WAREHOUSE NOPE; CREATE WAREHOUSE NEVER", fails=1)
    assert "002003 (02000)" in said and "Warehouse 'NOPE' does not exist or not authorized." in said
    assert [entry["code"] for entry in snow.emulator.statements(since)] == ["090001", "002003"], "it stopped there"
    assert "001003 (42000)" in snow("sql", "--enhanced-exit-codes", "-i", given="SELECT 1 2", fails=5)


def test_a_statement_goes_on_after_the_program(snow):
    since = snow.emulator.last()
    (found,) = snow.json("sql", "-q", "SELECT SYSTEM$WAIT(4);>")
    number = found["scheduled query ID"]
    deadline = time.monotonic() + 20
    while not (log := snow.emulator.statements(since)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert [(entry["queryId"], entry["code"]) for entry in log] == [(number, "090001")]


def test_what_was_executed_is_listed(snow):
    said = snow("sql", "-q", "SELECT 'listed' AS L; !queries amount=2 user=operator")
    assert "SELECT 'listed' AS L" in said and "SUCCEEDED" in said


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["warehouse"], {"SNOW", "OTHER"}),
        (["database", "--like", "sn%"], {"SNOW", "SNOWFLAKE"}),
        (["schema", "--in", "database", "SNOW"], {"INFORMATION_SCHEMA", "PUBLIC", "S"}),
        (["table", "--in", "schema", "S"], {"T"}),
        (["role"], {"ACCOUNTADMIN", "ORGADMIN", "PUBLIC", "SECURITYADMIN", "SYSADMIN", "USERADMIN"}),
        (["user"], {"OPERATOR"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_objects_are_listed(snow, arguments, names):
    assert {row["name"] for row in snow.json("object", "list", *arguments)} >= names


def test_objects_are_described(snow):
    (found,) = snow.json("object", "describe", "warehouse", "SNOW")
    assert (found["name"], found["kind"]) == ("SNOW", "WAREHOUSE")
    found = snow.json("object", "describe", "table", "SNOW.S.T")
    assert [(row["name"], row["type"], row["null?"], row["primary key"], row["default"]) for row in found] == [
        ("ID", "NUMBER(38,0)", "N", "Y", None),
        ("NAME", "VARCHAR(10)", "Y", "N", "'x'"),
    ]


def test_objects_are_dropped(snow):
    snow.emulator.sql("CREATE WAREHOUSE DOOMED")
    assert snow.json("object", "drop", "warehouse", "DOOMED") == [{"status": "DOOMED successfully dropped."}]
    assert "002003 (02000)" in snow("object", "drop", "database", "NOPE", fails=1)


def test_objects_are_not_created_for_that_is_another_protocol(snow):
    """It sends no SQL, but requests of Snowflake's REST API, which the emulator does not have: no loop, no traceback."""
    since = snow.emulator.last()
    assert "does not exist" in snow("object", "create", "schema", "name=MADE", fails=1)
    assert "CREATE" not in "".join(entry["text"] for entry in snow.emulator.statements(since))
