"""A Snowflake of fakesnow for the tests: streams, a clock, vectors and AI functions that count are added to it.

What fakesnow (0.12) cannot do is brought about here, on the text of a statement or in DuckDB: ../README.md lists it.
"""

import json
import logging
import re
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import scripting
from fakesnow.dialect import parse_one
from fakesnow.instance import FakeSnow

LIBRARY = Path(__file__).resolve().parent.parent
# fakesnow lets sqlglot say what it does not know; the tests see what comes of it.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

CLOCK = re.compile(r"\b(SYSDATE|CURRENT_TIMESTAMP|CURRENT_DATE)\(\)", re.I)
VECTOR = re.compile(r"\bVECTOR\s*\(\s*FLOAT\s*,\s*\d+\s*\)", re.I)
# Names of arguments: DuckDB's functions take them by place. FLATTEN's stay, fakesnow wants them.
NAMED = re.compile(r"\b(?!INPUT\b|OUTER\b|PATH\b|MODE\b)\w+\s*=>\s*", re.I)
TABLE_FUNCTION = re.compile(
    r"\bTABLE\s*\(\s*INFORMATION_SCHEMA\.(\w+)\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*\)", re.I
)
VERB = re.compile(r"\s*(?:--[^\n]*\n\s*)*(\w+)")
# When the tests begin.
START = datetime(2026, 3, 2, 12, 0, 0)
TRANSLATED: dict[str, str] = {}
# Functions of Snowflake that fakesnow lacks.
MACROS = (
    "FAKE_SIMILARITY(a, b) AS list_cosine_similarity(a::DOUBLE[], b::DOUBLE[])",
    "FAKE_CLOCK() AS getvariable('clock')",
    "IS_ROLE_IN_SESSION(a) AS list_contains(getvariable('roles'), a)",
    "TRY_TO_TIMESTAMP_NTZ(a) AS TRY_CAST(a AS TIMESTAMP)",
    "TRY_TO_TIMESTAMP_TZ(a) AS TRY_CAST(a AS TIMESTAMPTZ)",
)
# fakesnow numbers the rows of FLATTEN as they come out, in any order; here they have their places.
FLATTEN = """
CREATE OR REPLACE MACRO D._fs_flatten(input) AS TABLE
SELECT
  hash(to_json(input))::UBIGINT AS SEQ,
  e.k AS KEY,
  coalesce(e.k, '[' || e.n || ']') AS PATH,
  e.n AS INDEX,
  e.v AS VALUE,
  to_json(input) AS THIS
FROM (
  SELECT unnest(
    CASE WHEN json_type(to_json(input)) = 'OBJECT'
      THEN list_transform(
        json_keys(to_json(input)),
        lambda x: struct_pack(k := x, n := NULL::BIGINT, v := CAST(to_json(input) -> x AS JSON))
      )
      ELSE list_transform(
        CAST(to_json(input) AS JSON[]),
        lambda x, i: struct_pack(k := NULL::VARCHAR, n := (i - 1)::BIGINT, v := x)
      )
    END,
    recursive := true
  )
) AS e(k, n, v)
"""
CHANGES = ("INSERT", "UPDATE", "DELETE", "MERGE")


class Crash(BaseException):
    """The session dies; no handler of a block sees it."""


def files(folder: str = "") -> list[Path]:
    return sorted(path for path in (LIBRARY / folder).rglob("*.sql"))


def kind(path: Path) -> str:
    """`table`, `task`, `view` …: the part of the name before `.sql`."""
    return path.name.split(".")[-2]


def source(name: str, **values: object) -> str:
    """The text of a file, with values for its placeholders."""
    text = (LIBRARY / name).read_text()
    for key, value in values.items():
        text = text.replace(f"{{{{{key}}}}}", str(value))
    if left := re.findall(r"\{\{\w+\}\}", text):
        raise KeyError(f"{name}: nothing for {sorted(set(left))}")
    return text


def is_block(text: str) -> bool:
    words = [token.upper for token in scripting.tokens(text)[:2]]
    return words[0] == "DECLARE" or (words[0] == "BEGIN" and words[1] != "TRANSACTION")


def literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, datetime):
        return f"'{value.replace(tzinfo=None).isoformat(' ')}'::TIMESTAMP_NTZ"
    if isinstance(value, date):
        return f"'{value.isoformat()}'::DATE"
    if isinstance(value, dict | list):
        return f"PARSE_JSON({literal(json.dumps(value))})"
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"


class Snowflake:
    """One schema, one session at a time."""

    def __init__(self) -> None:
        self.calls = Counter()
        self.uuids = 0
        self.mails: list[tuple] = []
        self.warehouses: list[str] = []
        self.streams: dict[str, tuple[str, str]] = {}
        self.before = lambda text: None
        self.uncommitted = lambda text: None
        self.after = lambda text: None
        self.account = FakeSnow()
        self.connection = self.account.connect(database="D", schema="S")
        self.duck = self.connection._duck_conn
        self.now = START
        self._open: list[str] | None = None
        self._functions: list[str] = []
        self.duck.execute("ATTACH ':memory:' AS SNOWFLAKE")
        for schema in ("CORTEX", "ACCOUNT_USAGE", "ALERT"):
            self.duck.execute(f"CREATE SCHEMA SNOWFLAKE.{schema}")
        self.duck.execute(FLATTEN)
        for macro in MACROS:
            self.duck.execute(f"CREATE MACRO D.S.{macro}")

    @property
    def now(self) -> datetime:
        return self._now

    @now.setter
    def now(self, now: datetime) -> None:
        self._now = now
        self.duck.execute(f"SET VARIABLE clock = TIMESTAMP '{now.isoformat(' ')}'")

    def sign_in(self, user: str, *roles: str) -> None:
        """Who CURRENT_USER is, and the roles of the session."""
        self.duck.execute(f"SET VARIABLE me = '{user}'")
        self.duck.execute(f"SET VARIABLE roles = {list(roles)}::VARCHAR[]")

    def function(self, name: str, answer, returns: str = "VARCHAR") -> None:  # noqa: ANN001
        """An AI function in Python; each row that it answers is counted."""

        def counted(*values: object) -> object:
            self.calls[(name, *(tuple(value) if isinstance(value, list) else value for value in values))] += 1
            return answer(*values)

        self.duck.create_function(
            name, counted, None, duckdb.sqltype(returns), side_effects=True, null_handling="special"
        )
        self._functions.append(name)

    def bought(self, name: str) -> int:
        return sum(n for call, n in self.calls.items() if call[0] == name)

    def stream(self, name: str, table: str, key: str) -> None:
        """A stream: a table of its name that is filled, when it is read, with what changed since its offset.

        `key` is a column that tells an update from a row that went and another that came.
        """
        extra = "'INSERT' AS METADATA$ACTION, FALSE AS METADATA$ISUPDATE"
        self.duck.execute(f"CREATE TABLE D.S.{name} AS SELECT *, {extra} FROM D.S.{table} WHERE FALSE")
        for state in ("AT", "NEXT"):
            self.duck.execute(f"CREATE TABLE D.S._{state}_{name} AS SELECT * FROM D.S.{table}")
        self.streams[name.upper()] = (table, key)

    def _read(self, stream: str) -> None:
        table, key = self.streams[stream]
        came = f"SELECT * FROM D.S.{table} EXCEPT ALL SELECT * FROM D.S._AT_{stream}"
        went = f"SELECT * FROM D.S._AT_{stream} EXCEPT ALL SELECT * FROM D.S.{table}"
        self.duck.execute(f"DELETE FROM D.S.{stream}")
        for rows, action, other in ((came, "INSERT", went), (went, "DELETE", came)):
            update = f"{key} IN (SELECT {key} FROM ({other}))"
            self.duck.execute(f"INSERT INTO D.S.{stream} SELECT *, '{action}', {update} FROM ({rows})")
        self._copy(table, f"_NEXT_{stream}")

    def _copy(self, table: str, to: str) -> None:
        self.duck.execute(f"DELETE FROM D.S.{to}")
        self.duck.execute(f"INSERT INTO D.S.{to} SELECT * FROM D.S.{table}")

    def put(self, table: str, **row: object) -> None:
        """A row that comes into a table."""
        names, values = ", ".join(row), ", ".join(literal(value) for value in row.values())
        self._plain(f"INSERT INTO {table} ({names}) SELECT {values}")

    def rewrite(self, text: str) -> str:
        def clock(match: re.Match) -> str:
            return "FAKE_CLOCK()::" + ("DATE" if match[1].upper() == "CURRENT_DATE" else "TIMESTAMP_NTZ")

        if "UUID_STRING()" in text:
            self.uuids += 1
            text = text.replace("UUID_STRING()", f"'lease-{self.uuids}'")
        text = text.replace("VECTOR_COSINE_SIMILARITY(", "FAKE_SIMILARITY(")
        text = text.replace("CURRENT_USER()", "getvariable('me')::VARCHAR")
        text = TABLE_FUNCTION.sub(r"FAKE_\1", text)
        text = NAMED.sub("", VECTOR.sub("FLOAT[]", CLOCK.sub(clock, text)))
        return text

    def _plain(self, text: str, names: list | None = None) -> list[tuple]:
        text = self.rewrite(text)
        verb = VERB.match(text)[1].upper()
        if verb in (*CHANGES, "SELECT", "WITH"):
            # fakesnow translates, DuckDB runs: a MERGE, too, which fakesnow would take apart (it knows columns only as
            # values there). What was translated once is kept, that takes longest.
            if text not in TRANSLATED:
                with self.connection.cursor() as cursor:
                    TRANSLATED[text] = cursor._transform(parse_one(text), None).sql("duckdb")
            done = self.duck.execute(TRANSLATED[text])
            if names is not None:
                names += [column[0] for column in done.description]
            return done.fetchall()
        if verb in ("BEGIN", "COMMIT", "ROLLBACK"):
            self.duck.execute(verb)
            return []
        with self.connection.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchall()

    def run(self, text: str, names: list | None = None) -> list[tuple]:
        """One statement. One that changes data and reads a stream empties it with its commit."""
        self.before(text)
        verb = VERB.match(text)[1].upper()
        rows: list[tuple] = []
        if verb == "CALL":
            self._call(text)
        elif verb == "ALTER" and "WAREHOUSE" in text.upper():
            self.warehouses.append(text)
        elif verb == "BEGIN":
            rows, self._open = self._plain("BEGIN"), []
        elif verb in ("COMMIT", "ROLLBACK"):
            rows = self._end(verb)
        elif verb in CHANGES:
            rows = self._change(text, names)
        else:
            for stream in self._named(text):
                self._read(stream)
            rows = self._plain(text, names)
        self.after(text)
        return rows

    def _named(self, text: str) -> list[str]:
        words = {token.upper for token in scripting.tokens(text)}
        return [stream for stream in self.streams if stream in words]

    def _end(self, verb: str) -> list[tuple]:
        for stream in (self._open or []) if verb == "COMMIT" else []:
            self._copy(f"_NEXT_{stream}", f"_AT_{stream}")
        rows, self._open = self._plain(verb), None
        return rows

    def _change(self, text: str, names: list | None) -> list[tuple]:
        alone = self._open is None
        if alone:
            self._plain("BEGIN")
            self._open = []
        try:
            # The first statement of a transaction that reads a stream says what it holds for all of them.
            for stream in self._named(text):
                if stream not in self._open:
                    self._read(stream)
                    self._open.append(stream)
            rows = self._plain(text, names)
            self.uncommitted(text)
        except BaseException:
            if alone:
                self._end("ROLLBACK")
            raise
        if alone:
            self._end("COMMIT")
        return rows

    def _call(self, text: str) -> None:
        found = re.fullmatch(r"\s*(?:--[^\n]*\n\s*)*CALL\s+SYSTEM\$SEND_EMAIL\s*\((.*)\)\s*;?\s*", text, re.S | re.I)
        if not found:
            raise ValueError(f"no such procedure here: {text}")
        row = self._plain(f"SELECT {found[1]}")[0]
        if len(row) != 4:
            raise ValueError(f"SYSTEM$SEND_EMAIL takes four arguments, not {len(row)}")
        self.mails.append(row)

    def file(self, name: str, **values: object) -> list[tuple]:
        """Runs a file: a statement, or a block."""
        text = source(name, **values)
        return self.script(text) if is_block(text) else self.run(text)

    def script(self, text: str, **arguments: object):  # noqa: ANN201
        return scripting.Run(self.run, self.bind).run(text, **arguments)

    def bind(self, name: str, value: object) -> str:
        """A value for a text: a variable of DuckDB where it can be one, so that the text stays the same."""
        if isinstance(value, str):
            found, kind_ = "'" + value.replace("'", "''") + "'", "VARCHAR"
        elif isinstance(value, datetime):
            found, kind_ = f"TIMESTAMP '{value.isoformat(' ')}'", "TIMESTAMP_NTZ"
        else:
            return literal(value)
        self.duck.execute(f"SET VARIABLE bound_{name} = {found}")
        return f"getvariable('bound_{name}')::{kind_}"

    def die(self) -> None:
        """The session ends where it is: what is not committed is gone."""
        if self._open is not None:
            self._plain("ROLLBACK")
            self._open = None

    def later(self, **how: float) -> None:
        self.now += timedelta(**how)

    def rows(self, text: str) -> list[tuple]:
        return self._plain(text)

    def tables(self, folder: str) -> None:
        """Makes the tables of a folder."""
        for path in files(folder):
            if kind(path) == "table":
                self.run(path.read_text())

    def close(self) -> None:
        for name in self._functions:
            self.duck.remove_function(name)
        self.connection.close()
        self.account.duck_conn.close()


@pytest.fixture
def snowflake():
    made = Snowflake()
    yield made
    made.close()
