"""snowflake-connector-python: cursors, their rows and columns, values of bind variables."""

import datetime
import decimal

import pytest
import snowflake.connector
from conftest import rows
from snowflake.connector import DictCursor
from snowflake.connector.constants import FIELD_NAME_TO_ID
from snowflake.connector.errors import Error, InterfaceError, ProgrammingError

HOSTILE = [
    "it's",
    "'; DROP WAREHOUSE HOSTAGE; --",
    "back\\slash \\' and \\\\",
    'double "quotes"',
    "? :1 %s %(a)s",
    "line\nfeed\ttab\rreturn",
    "ü — 雪 ❄ \U0001f9ca",
    "$$ ; $$",
    "/* no comment */ -- nor this",
    "",
    " ",
    "NULL",
    "%",
    "a" * 5000,
]


@pytest.fixture(scope="module", autouse=True)
def hostage(shared):
    shared.sql("CREATE WAREHOUSE HOSTAGE; CREATE WAREHOUSE CURSOR_A; CREATE WAREHOUSE CURSOR_B")
    yield
    shared.sql("DROP WAREHOUSE HOSTAGE")


@pytest.fixture
def connection(shared, connect):
    return connect(shared, role="ACCOUNTADMIN")


def test_rows_are_fetched_one_by_one_some_and_all(connection):
    cursor = connection.cursor()
    assert cursor.execute("SHOW WAREHOUSES LIKE 'CURSOR_%'") is cursor
    assert cursor.rowcount == 2
    first = cursor.fetchone()
    assert [first[0]] + [row[0] for row in cursor.fetchmany(5)] == ["CURSOR_A", "CURSOR_B"]
    assert (cursor.fetchone(), cursor.fetchmany(3), cursor.fetchall()) == (None, [], [])
    cursor.execute("SHOW WAREHOUSES LIKE 'CURSOR_%'")
    assert [row[0] for row in cursor] == ["CURSOR_A", "CURSOR_B"], "a cursor is used again"
    cursor.execute("SHOW WAREHOUSES LIKE 'NOPE'")
    assert (cursor.rowcount, cursor.fetchone()) == (0, None)
    assert cursor.description[0].name == "name", "also without rows"


def test_a_cursor_of_dictionaries_knows_the_columns(connection):
    with connection.cursor(DictCursor) as cursor:
        found = cursor.execute("SHOW WAREHOUSES LIKE 'CURSOR_A'").fetchone()
    assert (found["name"], found["size"], found["auto_suspend"]) == ("CURSOR_A", "X-Small", 600)
    assert found["owner"] == "ACCOUNTADMIN" and found["budget"] is None
    age = datetime.datetime.now(datetime.UTC) - found["created_on"]
    assert datetime.timedelta() <= age < datetime.timedelta(minutes=5), "a time with its zone"


def test_columns_have_types_and_values_are_of_them(connection):
    cursor = connection.cursor()
    cursor.execute("SELECT 'x' AS T, 42 AS N, TRUE AS B, FALSE AS C, NULL AS V, CURRENT_TIMESTAMP() AS S")
    names = {column.name: column for column in cursor.description}
    assert list(names) == ["T", "N", "B", "C", "V", "S"]
    of = {name: column.type_code for name, column in names.items()}
    assert of == {
        "T": FIELD_NAME_TO_ID["TEXT"],
        "N": FIELD_NAME_TO_ID["FIXED"],
        "B": FIELD_NAME_TO_ID["BOOLEAN"],
        "C": FIELD_NAME_TO_ID["BOOLEAN"],
        "V": FIELD_NAME_TO_ID["TEXT"],
        "S": FIELD_NAME_TO_ID["TIMESTAMP_LTZ"],
    }
    assert (names["N"].precision, names["N"].scale) == (38, 0)
    assert names["T"].internal_size == 16_777_216
    row = cursor.fetchone()
    assert row[:5] == ("x", 42, True, False, None) and type(row[1]) is int and type(row[2]) is bool
    assert row[5].utcoffset() is not None


def test_what_a_statement_is_called_is_in_the_log(shared, connection):
    cursor = connection.cursor()
    cursor.execute("SELECT 'the one with a name'")
    (entry,) = [entry for entry in shared.statements() if "the one with a name" in entry["text"]]
    assert entry["queryId"] == cursor.sfqid
    assert len(entry["requestId"]) == 36
    assert entry["client"].startswith("PythonConnector/")
    assert (entry["user"], entry["role"], entry["code"]) == ("OPERATOR", "ACCOUNTADMIN", "090001")
    assert rows(connection, "SELECT LAST_QUERY_ID()") == [(cursor.sfqid,)]


def test_ddl_answers_one_row(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE OR REPLACE WAREHOUSE CURSOR_DDL")
    assert [column.name for column in cursor.description] == ["status"]
    assert (cursor.rowcount, cursor.fetchall()) == (1, [("Warehouse CURSOR_DDL successfully created.",)])
    cursor.execute("DROP WAREHOUSE CURSOR_DDL")
    assert cursor.fetchone() == ("CURSOR_DDL successfully dropped.",)


def test_describing_executes_nothing(shared, connection):
    cursor = connection.cursor()
    since = shared.last()
    assert [column.name for column in cursor.describe("SELECT 1 AS ONE, 'a' AS TWO")] == ["ONE", "TWO"]
    assert [column.name for column in cursor.describe("SHOW WAREHOUSES")][:3] == ["name", "state", "type"]
    cursor.describe("CREATE WAREHOUSE NEVER_MADE")
    assert shared.statements(since) == [] and rows(connection, "SHOW WAREHOUSES LIKE 'NEVER_MADE'") == []
    with pytest.raises(ProgrammingError) as caught:
        cursor.describe("SELECT NO_SUCH_COLUMN")
    assert (caught.value.errno, caught.value.sqlstate) == (904, "42000")


@pytest.fixture(params=["qmark", "numeric", "pyformat", "format"])
def style(request, shared, connect):
    """A connection, and how its statements name values."""
    connection = connect(shared, role="ACCOUNTADMIN", paramstyle=request.param)
    return connection, {"qmark": "?", "numeric": ":1", "pyformat": "%(a)s", "format": "%s"}[request.param]


def value(style, given):
    connection, place = style
    values = {"a": given} if "(a)" in place else (given,)
    return rows(connection, f"SELECT {place} AS V", values)[0][0]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_values_are_values(style, hostile):
    assert value(style, hostile) == hostile


@pytest.mark.parametrize("plain", [0, -5, 10**20, 38 * "9", True, False, None], ids=str)
def test_numbers_booleans_and_nothing_are_values(style, plain):
    found = value(style, plain)
    assert found == plain and type(found) is type(plain)


def test_values_reach_what_a_statement_does(style):
    connection, place = style
    rows(connection, "CREATE OR REPLACE WAREHOUSE BOUND")
    for hostile in HOSTILE:
        values = {"a": hostile} if "(a)" in place else (hostile,)
        rows(connection, f"ALTER WAREHOUSE BOUND SET COMMENT = {place}", values)
        with connection.cursor(DictCursor) as cursor:
            found = cursor.execute(f"SHOW WAREHOUSES LIKE {place}", {"a": "bound"} if "(a)" in place else ("bound",))
            assert found.fetchone()["comment"] == hostile
    assert len(rows(connection, "SHOW WAREHOUSES LIKE 'HOSTAGE'")) == 1


def test_values_have_their_order(shared, connect):
    question = connect(shared, paramstyle="qmark")
    assert rows(question, "SELECT ?, '?', ? AS \"A?\"", ("a", 2)) == [("a", "?", 2)]
    number = connect(shared, paramstyle="numeric")
    assert rows(number, "SELECT :2, :1, :2, ':1'", ("a", "b")) == [("b", "a", "b", ":1")]
    named = connect(shared, paramstyle="pyformat")
    assert rows(named, "SELECT %(b)s, %(a)s, '%%'", {"a": 1, "b": "x"}) == [("x", 1, "%")]


def test_many_values_one_after_the_other(shared, connect):
    connection = connect(shared, paramstyle="qmark", role="ACCOUNTADMIN")
    since = shared.last()
    connection.cursor().executemany("SELECT ?, ?", [(1, "a"), (2, "b"), (3, "c'")])
    assert [entry["text"] for entry in shared.statements(since)] == ["SELECT 1, 'a'", "SELECT 2, 'b'", "SELECT 3, 'c'''"]


def test_a_value_that_is_missing_is_an_error(shared, connect):
    connection = connect(shared, paramstyle="qmark")
    with pytest.raises(ProgrammingError) as caught:
        rows(connection, "SELECT ?, ?", ("only one",))
    assert (caught.value.errno, caught.value.sqlstate) == (2049, "42601")


def test_times_are_values_where_statements_take_them(shared, connect):
    connection = connect(shared, paramstyle="qmark", role="ACCOUNTADMIN")
    when = datetime.datetime(2035, 1, 2, 3, 4)
    text = "CREATE OR REPLACE RESOURCE MONITOR CURSOR_M WITH CREDIT_QUOTA = ? FREQUENCY = DAILY START_TIMESTAMP = ?"
    rows(connection, text, (5, when))
    with connection.cursor(DictCursor) as cursor:
        found = cursor.execute("SHOW RESOURCE MONITORS LIKE 'CURSOR_M'").fetchone()
    assert found["start_time"].replace(tzinfo=None) == when
    assert decimal.Decimal(found["credit_quota"]) == 5
    aware = when.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
    rows(connection, text, (5, ("TIMESTAMP_TZ", aware)))
    with connection.cursor(DictCursor) as cursor:
        assert cursor.execute("SHOW RESOURCE MONITORS LIKE 'CURSOR_M'").fetchone()["start_time"] == aware
    with pytest.raises(ProgrammingError) as caught:
        rows(connection, "SELECT ?", (when,))
    assert (caught.value.errno, caught.value.sqlstate) == (2, "0A000"), "results know no such type"


def test_closed_is_closed(connection):
    cursor = connection.cursor()
    cursor.close()
    with pytest.raises(InterfaceError) as caught:
        cursor.execute("SELECT 1")
    assert caught.value.errno == 252006
    assert cursor.is_closed()
    connection.close()
    assert connection.is_closed()
    with pytest.raises(Error) as caught:
        connection.cursor()
    assert (caught.value.errno, caught.value.sqlstate) == (250002, "08003")
    connection.close()


def test_the_version_of_the_server_is_known(connection):
    assert rows(connection, "SELECT CURRENT_VERSION()")[0][0].count(".") == 2
    assert snowflake.connector.__version__ == "4.7.5"
