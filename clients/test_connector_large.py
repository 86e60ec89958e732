"""snowflake-connector-python: a result of ten thousand rows, which is as much as SHOW gives of warehouses."""

import time

from conftest import rows
from snowflake.connector import DictCursor


def test_ten_thousand_warehouses(alone, connect):
    connection = connect(alone, role="ACCOUNTADMIN")
    cursor = connection.cursor()
    for start in range(0, 10_050, 500):
        names = [f"L{number:05}" for number in range(start, min(start + 500, 10_050))]
        text = ";".join(f"CREATE WAREHOUSE {name} INITIALLY_SUSPENDED = TRUE COMMENT = '{name} ü'" for name in names)
        cursor.execute(text, num_statements=len(names))
    began = time.monotonic()
    with connection.cursor(DictCursor) as all_of_them:
        all_of_them.execute("SHOW WAREHOUSES")
        assert all_of_them.rowcount == 10_000, "there are more, and SHOW gives no more"
        found = all_of_them.fetchall()
    assert [row["name"] for row in found] == [f"L{number:05}" for number in range(10_000)]
    assert all(row["comment"] == f"{row['name']} ü" and row["state"] == "SUSPENDED" for row in found)
    assert time.monotonic() - began < 15
    assert len(rows(connection, "SHOW WAREHOUSES LIKE 'L000%'")) == 100
    assert len(alone.statements()) == 10_052
