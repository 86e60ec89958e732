"""snowflake-connector-python: statements that fail, that run on, that are several, that are aborted."""

import threading
import time

import pytest
from conftest import rows
from snowflake.connector.constants import QueryStatus
from snowflake.connector.errors import DatabaseError, ProgrammingError


@pytest.fixture
def connection(shared, connect):
    return connect(shared, role="ACCOUNTADMIN")


@pytest.mark.parametrize(
    ("text", "number", "state", "words"),
    [
        ("DROP WAREHOUSE NOPE", 2003, "02000", "Warehouse 'NOPE' does not exist or not authorized."),
        ("CREATE DATABASE SNOWFLAKE", 2002, "42710", "already exists"),
        ("USE WAREHOUSE NOPE", 2043, "02000", "Object does not exist"),
        ("SHOW SCHEMAS IN DATABASE NOPE", 2043, "02000", "Object does not exist"),
        ("SELECT 1 2 3", 1003, "42000", "syntax error line 1 at position 9 unexpected '2'."),
        ("SHOW\n  WAREHOUSE", 1003, "42000", "syntax error line 2 at position 2 unexpected 'WAREHOUSE'."),
        ("SELECT NO_SUCH_COLUMN", 904, "42000", "invalid identifier 'NO_SUCH_COLUMN'"),
        ("CREATE WAREHOUSE X WAREHOUSE_SIZE = 'HUGE'", 1008, "22023", "invalid value [HUGE]"),
        ("SELECT NO_SUCH_FUNCTION()", 2140, "42601", "Unknown function NO_SUCH_FUNCTION"),
        ("MERGE INTO T USING S ON T.A = S.A WHEN MATCHED THEN DELETE", 2, "0A000", "Unsupported feature 'MERGE'."),
        ("SELECT 'no end", 1003, "42000", "parse error line 1"),
        ("-- nothing", 900, "42601", "Empty SQL statement."),
        ("SELECT 1; SELECT 2", 8, "0A000", "Actual statement count 2 did not match the desired statement count 1."),
    ],
)
def test_an_error_says_what_where_and_which_statement(shared, connection, text, number, state, words):
    cursor = connection.cursor()
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute(text)
    error = caught.value
    assert (error.errno, error.sqlstate) == (number, state)
    assert words in error.msg and error.query == text
    entry = shared.statements()[-1]
    assert (entry["queryId"], entry["code"], entry["text"]) == (error.sfqid, f"{number:06}", text)
    assert cursor.execute("SELECT 1").fetchall() == [(1,)], "the cursor goes on"


def test_a_role_without_privileges_is_told_so(shared, connect):
    shared.sql("CREATE WAREHOUSE DENIED; GRANT USAGE ON WAREHOUSE DENIED TO ROLE PUBLIC")
    connection = connect(shared, role="PUBLIC")
    rows(connection, "USE SECONDARY ROLES NONE")
    with pytest.raises(ProgrammingError) as caught:
        rows(connection, "DROP WAREHOUSE DENIED")
    assert (caught.value.errno, caught.value.sqlstate) == (3001, "42501")
    with pytest.raises(ProgrammingError) as caught:
        rows(connection, "CREATE WAREHOUSE DENIED_TOO")
    assert (caught.value.errno, caught.value.sqlstate) == (3001, "42501")


def test_the_connection_follows_use(shared, connect):
    shared.sql("CREATE WAREHOUSE FOLLOW; CREATE DATABASE FOLLOW; CREATE SCHEMA FOLLOW.S")
    connection = connect(shared)
    assert (connection.role, connection.warehouse, connection.database) == ("SYSADMIN", None, None)
    for text, now in [
        ("USE ROLE ACCOUNTADMIN", ("ACCOUNTADMIN", None, None, None)),
        ("USE WAREHOUSE follow", ("ACCOUNTADMIN", "FOLLOW", None, None)),
        ("USE DATABASE follow", ("ACCOUNTADMIN", "FOLLOW", "FOLLOW", "PUBLIC")),
        ("USE SCHEMA s", ("ACCOUNTADMIN", "FOLLOW", "FOLLOW", "S")),
        ("CREATE DATABASE FOLLOW_2", ("ACCOUNTADMIN", "FOLLOW", "FOLLOW_2", "PUBLIC")),
        ("CREATE WAREHOUSE FOLLOW_2", ("ACCOUNTADMIN", "FOLLOW_2", "FOLLOW_2", "PUBLIC")),
    ]:
        rows(connection, text)
        assert (connection.role, connection.warehouse, connection.database, connection.schema) == now
        context = "SELECT CURRENT_ROLE(), CURRENT_WAREHOUSE(), CURRENT_DATABASE(), CURRENT_SCHEMA()"
        assert rows(connection, context) == [now]
    rows(connection, "DROP DATABASE FOLLOW_2")
    assert rows(connection, "SELECT CURRENT_DATABASE(), CURRENT_SCHEMA()") == [(None, None)]
    with pytest.raises(ProgrammingError) as caught:
        rows(connection, "USE ROLE NOPE")
    assert caught.value.errno == 2043
    assert connection.role == "ACCOUNTADMIN"


def test_parameters_of_the_session_last_and_those_of_a_statement_do_not(shared, connect):
    connection = connect(shared)
    rows(connection, "ALTER SESSION SET QUERY_TAG = 'all of it', TIMEZONE = 'UTC'")
    assert rows(connection, "SELECT CURRENT_TIMESTAMP()")[0][0].utcoffset().total_seconds() == 0
    rows(connection, "SELECT 'once'", _statement_params={"QUERY_TAG": "this one"})
    rows(connection, "SELECT 'again'")
    tags = [entry["tag"] for entry in shared.statements() if entry["text"] in ("SELECT 'once'", "SELECT 'again'")]
    assert tags == ["this one", "all of it"]
    rows(connection, "ALTER SESSION UNSET QUERY_TAG, TIMEZONE")
    assert rows(connection, "SHOW PARAMETERS LIKE 'QUERY_TAG'")[0][1] == ""
    assert rows(connection, "SELECT CURRENT_TIMESTAMP()")[0][0].utcoffset().total_seconds() != 0
    with pytest.raises(ProgrammingError):
        rows(connection, "ALTER SESSION SET NO_SUCH_PARAMETER = 1")


def test_several_statements_have_several_results(shared, connection):
    cursor = connection.cursor()
    text = "SELECT 1 AS A; SHOW ROLES LIKE 'PUBLIC'; SELECT 'x;y' AS B, 'z' AS C;"
    cursor.execute(text, num_statements=3)
    assert cursor.fetchall() == [(1,)]
    assert cursor.nextset() and cursor.fetchone()[1] == "PUBLIC"
    assert cursor.nextset() and [column.name for column in cursor.description] == ["B", "C"]
    assert cursor.fetchall() == [("x;y", "z")]
    assert cursor.nextset() is None
    cursor.execute(text, num_statements=0)
    assert len(list(iter(cursor.nextset, None))) == 2
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute(text, num_statements=2)
    assert caught.value.errno == 8


def test_a_failure_among_several_keeps_what_came_before(shared, connection):
    cursor = connection.cursor()
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute("CREATE ROLE SEV_A;\nCREATE ROLE SEV_A; CREATE ROLE SEV_B", num_statements=3)
    assert (caught.value.errno, caught.value.sqlstate) == (100132, "P0000")
    assert "(at line 2, position 0)" in caught.value.msg and "already exists" in caught.value.msg
    assert [row[1] for row in rows(connection, "SHOW ROLES LIKE 'SEV_%'")] == ["SEV_A"]


def test_one_text_is_split_by_the_connector(connection):
    cursors = connection.execute_string("SELECT 1; -- a comment; with a semicolon\nSELECT 'a;b';")
    assert [cursor.fetchall() for cursor in cursors] == [[(1,)], [("a;b",)]]


def test_a_statement_runs_while_nobody_waits(shared, connection):
    cursor = connection.cursor()
    began = time.monotonic()
    cursor.execute_async("SELECT SYSTEM$WAIT(2)")
    assert time.monotonic() - began < 1.5
    assert connection.get_query_status(cursor.sfqid) == QueryStatus.RUNNING
    assert connection.is_still_running(connection.get_query_status(cursor.sfqid))
    while connection.is_still_running(connection.get_query_status_throw_if_error(cursor.sfqid)):
        assert time.monotonic() - began < 10
        time.sleep(0.05)
    assert time.monotonic() - began >= 1.9
    assert connection.get_query_status(cursor.sfqid) == QueryStatus.SUCCESS


def test_the_result_of_a_statement_is_fetched_later_also_by_another_connection(shared, connection, connect):
    cursor = connection.cursor()
    cursor.execute_async("SELECT SYSTEM$WAIT(700, 'MILLISECONDS') AS W")
    cursor.get_results_from_sfqid(cursor.sfqid)
    assert cursor.fetchall() == [("waited 0 seconds",)]
    cursor.execute("SHOW ROLES LIKE 'P%'")
    other = connect(shared).cursor()
    other.get_results_from_sfqid(cursor.sfqid)
    assert other.fetchall() == cursor.fetchall() and other.description[0].name == "created_on"


def test_a_statement_that_fails_meanwhile_is_seen_as_failed(connection):
    cursor = connection.cursor()
    cursor.execute_async("DROP WAREHOUSE NOPE")
    deadline = time.monotonic() + 10
    while connection.is_still_running(connection.get_query_status(cursor.sfqid)):
        assert time.monotonic() < deadline
    assert connection.get_query_status(cursor.sfqid) == QueryStatus.FAILED_WITH_ERROR
    with pytest.raises(ProgrammingError) as caught:
        connection.get_query_status_throw_if_error(cursor.sfqid)
    assert caught.value.errno == 2003 and "'NOPE' does not exist" in caught.value.msg
    with pytest.raises(ProgrammingError) as caught:
        cursor.get_results_from_sfqid(cursor.sfqid)
        cursor.fetchall()
    assert caught.value.errno == 2003


def test_a_statement_that_nobody_knows(shared, connection, connect):
    unknown = "01b00000-0000-0000-0000-000000000000"
    assert connection.get_query_status(unknown) == QueryStatus.NO_DATA
    assert connection.cursor().abort_query(unknown) is False
    shared.sql("CREATE USER STRANGER PASSWORD = 'Long-enough-1'")
    cursor = connection.cursor()
    cursor.execute("SELECT 1")
    stranger = connect(shared, "STRANGER", authenticator="snowflake", password="Long-enough-1")
    assert stranger.get_query_status(cursor.sfqid) == QueryStatus.NO_DATA, "another user's is not seen"


def test_a_statement_that_takes_too_long_is_aborted(shared, connection):
    cursor = connection.cursor()
    since, began = shared.last(), time.monotonic()
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute("SELECT SYSTEM$WAIT(30)", timeout=1)
    assert 0.9 < time.monotonic() - began < 5
    assert (caught.value.errno, caught.value.sqlstate) == (604, "57014")
    assert cursor.execute("SELECT 1").fetchall() == [(1,)]
    assert connection.get_query_status(caught.value.sfqid) == QueryStatus.ABORTED
    assert [entry["text"] for entry in shared.statements(since) if entry["code"] == "090001"] == ["SELECT 1"]


def test_a_statement_is_aborted_from_elsewhere(connection):
    cursor = connection.cursor()
    cursor.execute_async("SELECT SYSTEM$WAIT(30)")
    assert connection.cursor().abort_query(cursor.sfqid) is True
    assert connection.get_query_status(cursor.sfqid) == QueryStatus.ABORTED
    assert connection.cursor().abort_query(cursor.sfqid) is False, "it no longer runs"


def test_a_statement_that_its_thread_waits_for_is_aborted_by_another(shared, connection):
    cursor, caught = connection.cursor(), []

    def wait():
        try:
            cursor.execute("SELECT SYSTEM$WAIT(30), 'the long one'")
        except DatabaseError as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    began = time.monotonic()
    thread.start()
    # It knows its number after the emulator's patience, two seconds here.
    while not cursor.sfqid and time.monotonic() - began < 1:
        time.sleep(0.05)
    with connection.cursor() as other:
        other._connection._cancel_query("SELECT SYSTEM$WAIT(30), 'the long one'", cursor._request_id)
    thread.join(10)
    assert not thread.is_alive() and time.monotonic() - began < 8
    assert caught[0].errno == 604


def test_a_statement_that_outlasts_the_emulators_patience_is_waited_for(shared, connection):
    began = time.monotonic()
    assert rows(connection, "SELECT SYSTEM$WAIT(3)") == [("waited 3 seconds",)]
    assert 3 <= time.monotonic() - began < 6


def test_the_timeout_of_the_session_counts(shared, connection):
    with pytest.raises(ProgrammingError) as caught:
        rows(connection, "SELECT SYSTEM$WAIT(30)", _statement_params={"STATEMENT_TIMEOUT_IN_SECONDS": 1})
    assert (caught.value.errno, caught.value.sqlstate) == (630, "57014")


def test_a_put_is_refused_and_reads_no_file(connection, tmp_path):
    file = tmp_path / "secret"
    file.write_text("secret")
    for text in (f"PUT file://{file} @~", f"GET @~ file://{tmp_path}"):
        with pytest.raises(ProgrammingError) as caught:
            rows(connection, text)
        assert caught.value.sqlstate == "0A000"


def test_eight_threads_with_their_own_connections(shared, connect):
    failures = []
    since = shared.last()

    def work(number: int) -> None:
        try:
            connection = connect(shared, role="ACCOUNTADMIN", session_parameters={"QUERY_TAG": f"thread {number}"})
            for turn in range(20):
                rows(connection, f"CREATE WAREHOUSE T{number}_{turn}")
                assert rows(connection, "SELECT CURRENT_WAREHOUSE()") == [(f"T{number}_{turn}",)]
            found = {row[0] for row in rows(connection, f"SHOW WAREHOUSES LIKE 'T{number}\\_%'")}
            assert found == {f"T{number}_{turn}" for turn in range(20)}
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    log = shared.statements(since)
    assert len(log) == 8 * 41 and {entry["code"] for entry in log} == {"090001"}
    assert len({entry["queryId"] for entry in log}) == len(log)
    for number in range(8):
        tags = {entry["tag"] for entry in log if f"WAREHOUSE T{number}_" in entry["text"]}
        assert tags == {f"thread {number}"}


def test_one_connection_serves_several_threads(shared, connection):
    found = []

    def work(number: int) -> None:
        found.extend(rows(connection, f"SELECT {number}")[0] for _ in range(20))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted([(number,) for number in range(4)] * 20)
