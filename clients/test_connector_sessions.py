"""snowflake-connector-python: sessions that expire, are renewed, are kept alive, and end."""

import threading
import time

import pytest
from conftest import rows
from snowflake.connector.errors import DatabaseError, Error, ProgrammingError

HOUR = 3600


def tokens(connection) -> tuple:
    return connection.rest.token, connection.rest.master_token


def test_an_expired_session_is_renewed_and_stays_as_it_was(alone, connect):
    alone.sql("CREATE WAREHOUSE W; CREATE DATABASE D")
    connection = connect(alone, role="ACCOUNTADMIN", session_parameters={"QUERY_TAG": "kept"})
    rows(connection, "USE WAREHOUSE W")
    rows(connection, "USE DATABASE D")
    before, number = tokens(connection), connection.session_id
    alone.advance(HOUR + 1)
    since = alone.last()
    assert rows(connection, "CREATE ROLE R") == [("Role R successfully created.",)]
    assert tokens(connection)[0] != before[0], "there is a new session token"
    context = "SELECT CURRENT_ROLE(), CURRENT_WAREHOUSE(), CURRENT_DATABASE(), CURRENT_SESSION()"
    assert rows(connection, context) == [("ACCOUNTADMIN", "W", "D", str(number))]
    log = alone.statements(since)
    assert [entry["text"] for entry in log] == ["CREATE ROLE R", context], "nothing was sent twice"
    assert log[0]["tag"] == "kept"


def test_a_session_is_renewed_again_and_again(alone, connect):
    connection = connect(alone)
    seen = {tokens(connection)}
    for _ in range(6):
        alone.advance(HOUR + 1)
        assert rows(connection, "SELECT 1") == [(1,)]
        seen.add(tokens(connection))
    assert len(seen) == 7


def test_a_session_that_was_idle_for_too_long_is_over(alone, connect):
    connection = connect(alone)
    alone.advance(4 * HOUR + 1)
    with pytest.raises(ProgrammingError) as caught:
        rows(connection, "SELECT 1")
    assert caught.value.errno == 390114
    assert "Authentication token has expired" in caught.value.msg
    began = time.monotonic()
    with pytest.raises(Error):
        rows(connection, "SELECT 1")
    assert time.monotonic() - began < 5, "it does not ask for ever"
    assert connection.is_valid() is False
    assert rows(connect(alone), "SELECT 1") == [(1,)]


def test_a_heartbeat_keeps_a_session(alone, connect):
    connection = connect(alone, client_session_keep_alive=True)
    assert connection.client_session_keep_alive
    for _ in range(6):
        alone.advance(HOUR // 2)
        connection._heartbeat_tick()
    assert rows(connection, "SELECT 1") == [(1,)]
    quiet = connect(alone)
    for _ in range(9):
        alone.advance(HOUR - 60)
        connection._heartbeat_tick()
    assert rows(connection, "SELECT 1") == [(1,)], "nine hours later"
    with pytest.raises(ProgrammingError) as caught:
        rows(quiet, "SELECT 1")
    assert caught.value.errno == 390114, "who kept still is forgotten"


def test_a_fault_that_expires_a_session_is_survived(alone, connect):
    connection = connect(alone)
    alone.fault("expired_session", verb="CREATE", count=2)
    since = alone.last()
    assert rows(connection, "CREATE WAREHOUSE W") == [("Warehouse W successfully created.",)]
    assert alone.faults_left() == [] and len(alone.statements(since)) == 1


def test_a_fault_that_expires_the_master_token_ends_the_session(alone, connect):
    connection = connect(alone)
    alone.fault("expired_token", verb="CREATE")
    with pytest.raises(ProgrammingError) as caught:
        rows(connection, "CREATE WAREHOUSE W")
    assert caught.value.errno == 390114 and connection.expired
    assert alone.statements() == []


def test_closing_ends_the_session_on_both_sides(alone, connect):
    first, second = connect(alone), connect(alone)
    token = first.rest.token
    first.close()
    assert first.is_closed() and not first.is_valid()
    second.rest._token = token
    with pytest.raises(DatabaseError) as caught:
        rows(second, "SELECT 1")
    assert caught.value.errno == 390111, "the emulator has forgotten it"


def test_a_connection_is_valid_while_its_session_is(alone, connect):
    connection = connect(alone)
    assert connection.is_valid()
    since = alone.last()
    assert connection.is_valid()
    assert [entry["text"].strip() for entry in alone.statements(since)] in ([], ["SELECT 1"], ["select 1"])


def test_many_threads_renew_at_once(alone, connect):
    connection, failures = connect(alone), []
    alone.advance(HOUR + 1)

    def work(number: int) -> None:
        try:
            assert rows(connection, f"SELECT {number}") == [(number,)]
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failures == [] and not any(thread.is_alive() for thread in threads)
    assert rows(connection, "SELECT 1") == [(1,)]


def test_after_a_restart_the_account_is_there_and_sessions_are_not(emulators, connect, tmp_path):
    state = str(tmp_path / "account.state")
    emulator = emulators("--state", state)
    address = f"{emulator.host}:{emulator.port}"
    connection = connect(emulator, role="ACCOUNTADMIN")
    rows(connection, "CREATE WAREHOUSE KEPT COMMENT = 'ü'")
    password = emulator.user()["password"]
    emulator.end()
    emulator.arguments = ("--state", state, "--listen", address)
    emulator.start()
    assert emulator.user()["password"] == password
    with pytest.raises(DatabaseError) as caught:
        rows(connection, "SELECT 1")
    assert caught.value.errno == 390111
    again = connect(emulator, role="ACCOUNTADMIN")
    assert [row[0] for row in rows(again, "SHOW WAREHOUSES")] == ["KEPT"]


def test_a_connection_bridges_a_short_absence(emulators, connect, tmp_path):
    state = str(tmp_path / "account.state")
    emulator = emulators("--state", state)
    connection, found = connect(emulator), []
    emulator.arguments = ("--state", state, "--listen", f"{emulator.host}:{emulator.port}")
    emulator.end()

    def ask() -> None:
        try:
            rows(connection, "SELECT 1")
        except DatabaseError as error:
            found.append(error.errno)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.5)
    emulator.start()
    asking.join(20)
    assert found == [390111], "it asked until somebody answered: that its session is gone"
