"""SQLAlchemy with snowflake-sqlalchemy: engine, transactions, tables that are made and read back."""

import pytest
import sqlalchemy as sa
from conftest import parameters
from snowflake.sqlalchemy import TIMESTAMP_LTZ, VARIANT, URL
from sqlalchemy.exc import NoSuchTableError, ProgrammingError


@pytest.fixture(scope="module")
def engine(shared):
    shared.sql("CREATE WAREHOUSE W; CREATE DATABASE SA; CREATE SCHEMA SA.S; CREATE SCHEMA SA.OTHER")
    given = parameters(shared)
    url = URL(
        account=shared.account,
        user=given["user"],
        password=given["password"],
        role="ACCOUNTADMIN",
        warehouse="W",
        database="SA",
        schema="S",
        host=shared.host,
        port=shared.port,
    )
    made = sa.create_engine(url, connect_args={"protocol": "http"})
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def tables(engine):
    """Two tables, as their author declares them."""
    metadata = sa.MetaData()
    sa.Table(
        "parent",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(20), nullable=False, server_default="it's", comment="who ü"),
        sa.Column("amount", sa.Numeric(10, 2), server_default=sa.text("0")),
        sa.Column("at", TIMESTAMP_LTZ),
        sa.Column("open", sa.Boolean),
        sa.UniqueConstraint("name", name="uq_name"),
        comment="the parents",
    )
    sa.Table(
        "child",
        metadata,
        sa.Column("b", sa.Integer, primary_key=True),
        sa.Column("a", sa.Integer, primary_key=True),
        sa.Column("parent_id", sa.Integer, sa.ForeignKey("parent.id", name="fk_parent")),
        sa.Column("Mixed Case", sa.Text),
        sa.Column("day", sa.Date),
        sa.Column("real", sa.Float),
        sa.Column("bytes", sa.LargeBinary),
        sa.Column("any", VARIANT),
    )
    metadata.create_all(engine)
    yield metadata
    metadata.drop_all(engine)
    assert sa.inspect(engine).get_table_names() == []


@pytest.fixture
def inspector(engine, tables):
    return sa.inspect(engine)


def test_the_engine_connects_and_knows_the_server(engine):
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT CURRENT_ROLE() AS r, :v AS v"), {"v": "it's :x"}).one()
        assert (found.r, found.v) == ("ACCOUNTADMIN", "it's :x")
        assert engine.dialect.default_schema_name == "s"
        assert len(engine.dialect.server_version_info) == 3
        found = connection.execute(sa.text("SHOW WAREHOUSES LIKE 'W'")).mappings().one()
        assert (found["name"], found["auto_suspend"]) == ("W", 600)
        assert connection.scalar(sa.select(sa.literal(42))) == 42


def test_an_error_carries_its_number(engine):
    with engine.connect() as connection, pytest.raises(ProgrammingError) as caught:
        connection.execute(sa.text("DROP WAREHOUSE NOPE"))
    assert (caught.value.orig.errno, caught.value.orig.sqlstate) == (2003, "02000")


def test_transactions_begin_and_end(shared, engine):
    since = shared.last()
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE ROLE SA_COMMITTED"))
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE ROLE SA_ROLLED_BACK"))
        connection.rollback()
    with pytest.raises(ZeroDivisionError), engine.begin() as connection:
        connection.execute(sa.text("CREATE ROLE SA_BROKEN"))
        raise ZeroDivisionError
    log = [(entry["code"], entry["text"].upper()) for entry in shared.statements(since)]
    assert {code for code, _ in log} == {"090001"}
    ends = [text for _, text in log if text in ("COMMIT", "ROLLBACK")]
    assert ends.count("COMMIT") == 1 and ends.count("ROLLBACK") >= 2
    with engine.connect() as connection:
        found = connection.execute(sa.text("SHOW ROLES LIKE 'SA_%'")).mappings().all()
    # Each DDL statement is a transaction of its own.
    assert {row["name"] for row in found} == {"SA_BROKEN", "SA_COMMITTED", "SA_ROLLED_BACK"}


def test_autocommit_is_a_level_of_isolation(shared, engine):
    since = shared.last()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
    sent = [entry["text"].upper() for entry in shared.statements(since)]
    assert "ALTER SESSION SET AUTOCOMMIT=TRUE" in sent


def test_schemas_tables_and_views_are_named(inspector):
    assert inspector.default_schema_name == "s"
    assert {"information_schema", "public", "s", "other"} <= set(inspector.get_schema_names())
    assert inspector.get_table_names() == ["child", "parent"]
    assert inspector.get_table_names(schema="sa.s") == ["child", "parent"]
    assert inspector.get_table_names(schema="other") == []
    assert inspector.get_view_names() == [] and inspector.get_temp_table_names() == []
    assert inspector.get_sequence_names() == []
    assert inspector.get_view_definition("nope") is None
    with pytest.raises(ProgrammingError) as caught:
        inspector.get_table_names(schema="nope")
    assert caught.value.orig.errno == 2043


def test_tables_are_there_or_not(inspector):
    assert inspector.has_table("parent") and inspector.has_table("parent", schema="sa.s")
    assert not inspector.has_table("nope") and not inspector.has_table("parent", schema="other")
    assert not inspector.has_sequence("nope")


def test_columns_have_types_defaults_and_comments(inspector):
    found = {column["name"]: column for column in inspector.get_columns("parent")}
    assert list(found) == ["id", "name", "amount", "at", "open"]
    assert {name: column["type"].compile(inspector.dialect) for name, column in found.items()} == {
        "id": "DECIMAL(38, 0)",
        "name": "VARCHAR(20)",
        "amount": "DECIMAL(10, 2)",
        "at": "TIMESTAMP_LTZ",
        "open": "BOOLEAN",
    }
    assert {name: column["nullable"] for name, column in found.items()} == {
        "id": False,
        "name": False,
        "amount": True,
        "at": True,
        "open": True,
    }
    assert (found["name"]["default"], found["amount"]["default"], found["open"]["default"]) == ("'it''s'", "0", None)
    assert found["name"]["comment"] == "who ü" and found["amount"]["comment"] is None
    assert found["id"]["autoincrement"] and not found["amount"]["autoincrement"]
    assert (found["id"]["identity"]["start"], found["id"]["identity"]["increment"]) == (1, 1)
    found = inspector.get_columns("child", schema="sa.s")
    assert [column["name"] for column in found][3:] == ["Mixed Case", "day", "real", "bytes", "any"]
    assert [type(column["type"]).__name__ for column in found][3:] == ["VARCHAR", "DATE", "FLOAT", "BINARY", "VARIANT"]


def test_all_columns_of_a_schema_come_from_the_information_schema(shared, inspector):
    since = shared.last()
    found = inspector.get_multi_columns()
    assert {name: len(columns) for (_, name), columns in found.items()} == {"child": 8, "parent": 5}
    assert any(".information_schema.columns" in entry["text"] for entry in shared.statements(since))
    one = {column["name"]: column for column in found[(None, "parent")]}
    single = {column["name"]: column for column in inspector.get_columns("parent")}
    for name, column in one.items():
        for key in ("nullable", "default", "comment", "autoincrement", "primary_key"):
            assert column[key] == single[name][key], (name, key)
        assert str(column["type"]) == str(single[name]["type"])
    assert one["id"]["identity"]["start"] == 1


def test_keys_are_found(inspector):
    assert inspector.get_pk_constraint("parent")["constrained_columns"] == ["id"]
    assert inspector.get_pk_constraint("child")["constrained_columns"] == ["b", "a"]
    assert inspector.get_unique_constraints("parent") == [{"column_names": ["name"], "name": "uq_name"}]
    (key,) = inspector.get_foreign_keys("child")
    assert (key["name"], key["constrained_columns"]) == ("fk_parent", ["parent_id"])
    assert (key["referred_schema"], key["referred_table"], key["referred_columns"]) == (None, "parent", ["id"])
    assert inspector.get_foreign_keys("parent") == []
    assert inspector.get_indexes("parent") == [] and inspector.get_check_constraints("parent") == []
    assert inspector.get_table_comment("parent") == {"text": "the parents"}
    assert inspector.get_table_comment("child") == {"text": None}


def test_a_schema_is_reflected_whole(engine, tables):
    found = sa.MetaData()
    found.reflect(engine)
    assert sorted(found.tables) == ["child", "parent"]
    for name, table in found.tables.items():
        declared = tables.tables[name]
        assert [column.name for column in table.columns] == [column.name for column in declared.columns]
        assert [column.name for column in table.primary_key] == [column.name for column in declared.primary_key]
        assert [column.nullable for column in table.columns] == [column.nullable for column in declared.columns]
    (key,) = found.tables["child"].foreign_keys
    assert key.column is found.tables["parent"].c.id
    with pytest.raises(NoSuchTableError):
        sa.Table("nope", sa.MetaData(), autoload_with=engine)


def test_what_was_reflected_can_be_made_elsewhere(engine, tables):
    found, copied = sa.MetaData(), sa.MetaData()
    found.reflect(engine)
    for table in found.sorted_tables:
        table.to_metadata(copied, schema="other", referred_schema_fn=lambda *_: "other")
    copied.create_all(engine)
    try:
        again = sa.inspect(engine)
        assert again.get_table_names(schema="other") == ["child", "parent"]
        for name in ("child", "parent"):
            shown = [
                [(column["name"], str(column["type"]), column["nullable"], column["comment"]) for column in columns]
                for columns in (again.get_columns(name), again.get_columns(name, schema="other"))
            ]
            assert shown[0] == shown[1]
    finally:
        copied.drop_all(engine)


def test_the_information_schema_is_asked(engine, tables):
    query = sa.select(sa.text("column_name")).select_from(sa.text("information_schema.columns"))
    query = query.where(sa.text("table_name = 'CHILD' AND is_nullable = 'NO'")).order_by(sa.text("column_name"))
    with engine.connect() as connection:
        assert connection.scalars(query).all() == ["A", "B"]
