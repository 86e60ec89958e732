"""snowflake-connector-python: an emulator that fails on purpose. What was executed is executed once."""

import time

import pytest
from conftest import rows
from snowflake.connector.errors import Error, ProgrammingError

# The class is not public: an answer that breaks off in its middle.
from snowflake.connector.vendored.requests.exceptions import ChunkedEncodingError


@pytest.fixture
def connection(alone, connect):
    return connect(alone, role="ACCOUNTADMIN")


def creations(emulator) -> list[str]:
    return [entry["code"] for entry in emulator.statements() if entry["text"].startswith("CREATE")]


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        ("unavailable", 2),
        ({"too_many_requests": {"retryAfter": 1}}, 1),
        ({"too_many_requests": {}}, 2),
        ("lost_before", 1),
        ({"answer_lost": {"truncated": False}}, 2),
        ("expired_session", 1),
        ({"in_progress": {"polls": 3, "effect": "first"}}, 1),
        ({"in_progress": {"polls": 3, "effect": "last"}}, 1),
        ({"latency": {"millis": 300}}, 1),
    ],
    ids=str,
)
def test_the_statement_succeeds_and_is_executed_once(alone, connection, fault, times):
    alone.fault(fault, verb="CREATE", count=times)
    began = time.monotonic()
    assert rows(connection, "CREATE WAREHOUSE W") == [("Warehouse W successfully created.",)]
    assert time.monotonic() - began < 15
    assert creations(alone) == ["090001"]
    assert alone.faults_left() == []


def test_an_answer_that_breaks_off_is_an_error_of_the_connector_and_executed_all_the_same(alone, connection):
    alone.fault({"answer_lost": {"truncated": True}}, verb="CREATE")
    with pytest.raises(ChunkedEncodingError):
        rows(connection, "CREATE WAREHOUSE W")
    assert creations(alone) == ["090001"]
    assert len(rows(connection, "SHOW WAREHOUSES LIKE 'W'")) == 1, "the connection goes on"


@pytest.mark.parametrize(
    ("fault", "number", "state"),
    [
        ("lock", 625, "57014"),
        ("timeout", 630, "57014"),
        ({"error": {"code": 91421, "sqlState": "0A000", "message": "Task graph is running."}}, 91421, "0A000"),
        ({"error": {"code": 603, "sqlState": "XX000", "message": "SQL execution internal error"}}, 603, "XX000"),
    ],
    ids=str,
)
def test_the_statement_fails_once_and_is_not_repeated(alone, connection, fault, number, state):
    alone.fault(fault, verb="CREATE")
    with pytest.raises(ProgrammingError) as caught:
        rows(connection, "CREATE WAREHOUSE W")
    assert (caught.value.errno, caught.value.sqlstate) == (number, state)
    assert creations(alone) == [f"{number:06}"]
    assert rows(connection, "CREATE WAREHOUSE W") == [("Warehouse W successfully created.",)]


@pytest.mark.parametrize("fault", ["unavailable", "lost_before", {"answer_lost": {"truncated": False}}, "expired_session"], ids=str)
def test_questions_after_a_running_statement_fail_and_are_repeated(alone, connection, fault):
    alone.fault({"in_progress": {"polls": 2}}, verb="CREATE")
    alone.fault(fault, on="poll")
    assert rows(connection, "CREATE WAREHOUSE W") == [("Warehouse W successfully created.",)]
    assert creations(alone) == ["090001"] and alone.faults_left() == []


def test_an_abortion_that_is_refused_is_repeated(alone, connection):
    cursor = connection.cursor()
    alone.fault("unavailable", on="cancel")
    cursor.execute_async("SELECT SYSTEM$WAIT(30)")
    assert cursor.abort_query(cursor.sfqid) is True
    assert alone.faults_left() == []


def test_what_somebody_else_does_meanwhile_is_seen(alone, connection):
    rows(connection, "CREATE WAREHOUSE W")
    alone.fault({"execute": {"statement": "DROP WAREHOUSE W"}}, verb="ALTER")
    with pytest.raises(ProgrammingError) as caught:
        rows(connection, "ALTER WAREHOUSE W SET COMMENT = 'late'")
    assert caught.value.errno == 2003


def test_show_that_leaves_rows_out(alone, connection):
    alone.sql(";".join(f"CREATE WAREHOUSE W{number}" for number in range(5)))
    alone.fault({"row_limit": {"rows": 3}}, verb="SHOW")
    assert [len(rows(connection, "SHOW WAREHOUSES")) for _ in range(2)] == [3, 5]


def test_a_server_that_is_away_for_good_is_given_up(alone, connect):
    connection = connect(alone, network_timeout=3)
    alone.fault("unavailable", count=100)
    began = time.monotonic()
    with pytest.raises(Error) as caught:
        rows(connection, "CREATE WAREHOUSE W")
    assert time.monotonic() - began < 20
    assert "290503: HTTP 503" in str(caught.value)
    assert creations(alone) == []
