"""snowflake-connector-python: signing in, and what the session is then."""

import json
import socket
import time
import urllib.parse
import urllib.request

import jwt
import pytest
from conftest import parameters, rows
from cryptography.hazmat.primitives.asymmetric import rsa
from snowflake.connector import connect as bare
from snowflake.connector.errors import DatabaseError, Error


def who(connection) -> tuple:
    return rows(connection, "SELECT CURRENT_USER(), CURRENT_ROLE()")[0]


def test_a_password_opens_a_session_that_has_a_number(shared, connect):
    connection = connect(shared)
    assert who(connection) == ("OPERATOR", "SYSADMIN")
    assert (connection.user, connection.role) == ("OPERATOR", "SYSADMIN")
    assert rows(connection, "SELECT CURRENT_SESSION()") == [(str(connection.session_id),)]
    assert connection.session_id != connect(shared).session_id
    assert rows(connection, "SELECT CURRENT_ORGANIZATION_NAME(), CURRENT_ACCOUNT_NAME()") == [
        tuple(shared.account.split("-"))
    ]


@pytest.mark.parametrize("given", [{"password": "wrong"}, {"user": "NOBODY"}, {"user": ""}])
def test_a_wrong_password_and_an_unknown_user_look_the_same(shared, given):
    with pytest.raises(Error) as caught:
        bare(**(parameters(shared) | given))
    if given == {"user": ""}:
        assert caught.value.errno == 251005, "the connector itself misses the user"
        return
    assert isinstance(caught.value, DatabaseError)
    assert (caught.value.errno, caught.value.sqlstate) == (390100, "28000")
    assert "Incorrect username or password was specified." in caught.value.msg


def test_a_disabled_user_does_not_come_in_and_a_session_of_his_ends(alone, connect):
    alone.sql("CREATE USER GUEST PASSWORD = 'Long-enough-1'; CREATE WAREHOUSE W")
    connection = connect(alone, "GUEST", authenticator="snowflake", password="Long-enough-1")
    assert who(connection) == ("GUEST", "PUBLIC")
    alone.sql("ALTER USER GUEST SET DISABLED = TRUE")
    with pytest.raises(DatabaseError) as caught:
        connect(alone, "GUEST", authenticator="snowflake", password="Long-enough-1")
    assert caught.value.errno == 390101
    assert "User access disabled" in caught.value.msg
    with pytest.raises(Error) as caught:
        who(connection)
    assert caught.value.errno == 390111


def test_a_key_pair_signs_in(shared, connect):
    key = shared.user()["privateKey"]
    assert who(connect(shared, authenticator="SNOWFLAKE_JWT", private_key_file=key))[0] == "OPERATOR"


def test_the_key_of_somebody_else_does_not(emulators, connect):
    emulator = emulators("--user", "READER=PUBLIC")
    key = emulator.user("READER")["privateKey"]
    with pytest.raises(Error) as caught:
        connect(emulator, authenticator="SNOWFLAKE_JWT", private_key_file=key)
    assert caught.value.errno == 390144
    assert "JWT token is invalid" in caught.value.msg
    assert who(connect(emulator, "READER", authenticator="SNOWFLAKE_JWT", private_key_file=key)) == (
        "READER",
        "PUBLIC",
    )


def test_an_access_token_signs_in_and_also_in_the_place_of_a_password(shared, connect):
    token = shared.user()["token"]
    assert who(connect(shared, authenticator="PROGRAMMATIC_ACCESS_TOKEN", token=token))[0] == "OPERATOR"
    assert who(connect(shared, authenticator="snowflake", password=token))[0] == "OPERATOR"
    with pytest.raises(DatabaseError) as caught:
        connect(shared, authenticator="PROGRAMMATIC_ACCESS_TOKEN", token=token[:-1] + "!")
    assert caught.value.errno == 394400


def test_an_access_token_of_one_role_keeps_to_it(alone, connect):
    first = connect(alone, role="ACCOUNTADMIN")
    made = rows(
        first,
        "ALTER USER OPERATOR ADD PROGRAMMATIC ACCESS TOKEN ONLY ROLE_RESTRICTION = 'SYSADMIN' DAYS_TO_EXPIRY = 1",
    )
    token = made[0][1]
    second = connect(alone, authenticator="PROGRAMMATIC_ACCESS_TOKEN", token=token)
    assert second.role == "SYSADMIN"
    with pytest.raises(DatabaseError) as caught:
        connect(alone, authenticator="PROGRAMMATIC_ACCESS_TOKEN", token=token, role="ACCOUNTADMIN")
    assert caught.value.errno == 390189
    alone.advance(2 * 86_400)
    with pytest.raises(DatabaseError) as caught:
        connect(alone, authenticator="PROGRAMMATIC_ACCESS_TOKEN", token=token)
    assert caught.value.errno == 394400, "it has expired"


def test_an_oauth_token_signs_in_with_the_role_of_its_scope(emulators, connect, tmp_path):
    client = {"id": "me", "secret": "s3cret", "user": "OPERATOR", "lifetime": 600}
    file = tmp_path / "client.json"
    file.write_text(json.dumps(client))
    emulator = emulators("--oauth-client", str(file))
    form = {"grant_type": "client_credentials", "scope": "session:role:ACCOUNTADMIN"}
    form |= {"client_id": "me", "client_secret": "s3cret"}
    data = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(f"{emulator.url}/oauth/token-request", data) as answer:
        token = json.load(answer)["access_token"]
    assert who(connect(emulator, authenticator="OAUTH", token=token)) == ("OPERATOR", "ACCOUNTADMIN")
    with pytest.raises(DatabaseError) as caught:
        connect(emulator, authenticator="OAUTH", token="nonsense")
    assert caught.value.errno == 390303
    emulator.advance(601)
    with pytest.raises(DatabaseError) as caught:
        connect(emulator, authenticator="OAUTH", token=token)
    assert caught.value.errno == 390318


@pytest.fixture
def snowflakecomputing(monkeypatch):
    """Hosts of Snowflake's domain are this machine: some sign-ins go to no other domain."""
    genuine = socket.getaddrinfo

    def here(host, *more, **rest):
        name = host.decode() if isinstance(host, bytes) else host
        return genuine("127.0.0.1" if str(name).endswith(".snowflakecomputing.com") else host, *more, **rest)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    return "snowfence-emulator.snowflakecomputing.com"


def trust(monkeypatch, emulator) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", emulator.line["ca"])
    monkeypatch.setenv("SSL_CERT_FILE", emulator.line["ca"])


def test_a_workload_signs_in_with_the_token_of_its_issuer(
    emulators, connect, tmp_path, monkeypatch, snowflakecomputing
):
    issuer = "https://issuer.example"
    key = rsa.generate_private_key(65537, 2048)
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [public | {"kid": "one", "alg": "RS256", "use": "sig"}]}))
    emulator = emulators("--oidc-issuer", f"{issuer}={file}", "--tls")
    trust(monkeypatch, emulator)
    emulator.sql(
        f"CREATE USER POD TYPE = SERVICE WORKLOAD_IDENTITY = (TYPE = OIDC ISSUER = '{issuer}' SUBJECT = 'pod:me')"
    )

    def token(**claims) -> str:
        now = int(time.time())
        claims = {"iss": issuer, "sub": "pod:me", "aud": "snowflakecomputing.com", "iat": now, "exp": now + 60} | claims
        return jwt.encode(claims, key, "RS256", {"kid": "one"})

    def sign_in(given: str):
        return connect(
            emulator,
            None,
            host=snowflakecomputing,
            authenticator="WORKLOAD_IDENTITY",
            workload_identity_provider="OIDC",
            token=given,
            disable_ocsp_checks=True,
        )

    assert who(sign_in(token())) == ("POD", "PUBLIC")
    for wrong in ({"sub": "pod:other"}, {"aud": "somebody"}, {"exp": int(time.time()) - 3600}):
        with pytest.raises(DatabaseError) as caught:
            sign_in(token(**wrong))
        assert caught.value.errno == 390100, wrong


def test_what_the_emulator_cannot_is_refused_at_once(shared, connect):
    began = time.monotonic()
    with pytest.raises(Error) as caught:
        connect(shared, authenticator="USERNAME_PASSWORD_MFA", password="wrong")
    assert caught.value.errno == 390100
    assert time.monotonic() - began < 5


def test_role_warehouse_database_and_schema_come_with_the_sign_in(shared, connect):
    shared.sql('CREATE WAREHOUSE SIGNIN; CREATE DATABASE SIGNIN; CREATE SCHEMA SIGNIN."my s"; CREATE ROLE SIGNIN')
    shared.sql(
        "CREATE USER SIGNIN PASSWORD = 'Long-enough-1' DEFAULT_SECONDARY_ROLES = (); GRANT ROLE SIGNIN TO USER SIGNIN"
    )
    connection = connect(shared, role="accountadmin", warehouse="signin", database="signin", schema='"my s"')
    assert (connection.role, connection.warehouse, connection.database) == ("ACCOUNTADMIN", "SIGNIN", "SIGNIN")
    assert rows(connection, "SELECT CURRENT_ROLE(), CURRENT_WAREHOUSE(), CURRENT_DATABASE(), CURRENT_SCHEMA()") == [
        ("ACCOUNTADMIN", "SIGNIN", "SIGNIN", "my s")
    ]
    # Of a role that does not see them, they are left open.
    other = {"authenticator": "snowflake", "password": "Long-enough-1"}
    connection = connect(shared, "SIGNIN", role="SIGNIN", warehouse="SIGNIN", database="SIGNIN", **other)
    assert (connection.role, connection.warehouse, connection.database) == ("SIGNIN", None, None)
    with pytest.raises(DatabaseError) as caught:
        connect(shared, role="NOPE")
    assert caught.value.errno == 390189


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"database": "NOPE"}, "database"),
        ({"database": "SNOWFLAKE", "schema": "NOPE"}, "schema"),
        ({"warehouse": "NOPE"}, "warehouse"),
    ],
)
def test_whoever_wants_to_be_told_is_told_what_is_not_there(shared, connect, given, word):
    assert connect(shared, **given).role == "SYSADMIN"
    with pytest.raises(DatabaseError) as caught:
        connect(shared, role="ACCOUNTADMIN", validate_default_parameters=True, **given)
    assert caught.value.errno == 390201
    assert f"The requested {word} does not exist or not authorized." in caught.value.msg


def test_the_users_defaults_are_taken(alone, connect):
    alone.sql(
        "CREATE WAREHOUSE W; CREATE DATABASE D; CREATE SCHEMA D.S; CREATE ROLE R; GRANT ROLE R TO ROLE SYSADMIN;"
        "GRANT USAGE ON WAREHOUSE W TO ROLE R; GRANT USAGE ON DATABASE D TO ROLE R; GRANT USAGE ON SCHEMA D.S TO ROLE R;"
        "CREATE USER U PASSWORD = 'Long-enough-1' DEFAULT_ROLE = R DEFAULT_WAREHOUSE = W DEFAULT_NAMESPACE = D.S;"
        "GRANT ROLE R TO USER U"
    )
    connection = connect(alone, "U", authenticator="snowflake", password="Long-enough-1")
    assert (connection.role, connection.warehouse, connection.database, connection.schema) == ("R", "W", "D", "S")
    alone.sql("REVOKE ROLE R FROM USER U")
    with pytest.raises(DatabaseError) as caught:
        connect(alone, "U", authenticator="snowflake", password="Long-enough-1")
    assert caught.value.errno == 390187


def test_session_parameters_come_with_the_sign_in(shared, connect):
    given = {"QUERY_TAG": "it's \\ mine", "TIMEZONE": "Europe/Paris", "STATEMENT_TIMEOUT_IN_SECONDS": 77, "NO_SUCH": 1}
    connection = connect(shared, session_parameters=given)
    assert rows(connection, "SHOW PARAMETERS LIKE 'QUERY_TAG' IN SESSION")[0][1:4] == ("it's \\ mine", "", "SESSION")
    assert rows(connection, "SHOW PARAMETERS LIKE 'STATEMENT_TIME%' IN SESSION")[0][1] == "77"
    assert rows(connection, "SELECT CURRENT_TIMESTAMP()")[0][0].tzinfo.zone == "Europe/Paris"
    assert shared.statements()[-1]["tag"] == "it's \\ mine"


def test_tls_with_a_ca_of_ones_own(emulators, connect, monkeypatch):
    emulator = emulators("--tls")
    trust(monkeypatch, emulator)
    assert who(connect(emulator, disable_ocsp_checks=True))[0] == "OPERATOR"
