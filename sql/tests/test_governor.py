"""credit_governor: the log follows the views, and limits act as their table says."""

import random
from collections import Counter
from datetime import timedelta

import fake
import pytest
from fake import snowflake  # noqa: F401

DAY = timedelta(days=1)


@pytest.fixture
def governor(snowflake):  # noqa: F811
    snowflake.tables("credit_governor")
    usage = "SNOWFLAKE.ACCOUNT_USAGE"
    for table in (
        "WAREHOUSE_METERING_HISTORY (start_time TIMESTAMPTZ, warehouse_name VARCHAR, credits_used DECIMAL(38, 9))",
        "CORTEX_AI_FUNCTIONS_USAGE_HISTORY (start_time TIMESTAMPTZ, function_name VARCHAR, credits DECIMAL(38, 9))",
        "METERING_DAILY_HISTORY (usage_date DATE, service_type VARCHAR, credits_used DECIMAL(38, 9))",
    ):
        snowflake.duck.execute(f"CREATE TABLE {usage}.{table}")
    return snowflake


def used(account: fake.Snowflake, hours_ago: float, name: str, credits: str, what: str = "WAREHOUSE") -> None:
    at = account.now - timedelta(hours=hours_ago)
    table = {"WAREHOUSE": "WAREHOUSE_METERING_HISTORY", "AI": "CORTEX_AI_FUNCTIONS_USAGE_HISTORY"}.get(what)
    if table:
        values = f"TIMESTAMPTZ '{at}+00', '{name}', {credits}"
    else:
        table, values = "METERING_DAILY_HISTORY", f"DATE '{at.date()}', '{name}', {credits}"
    account.duck.execute(f"INSERT INTO SNOWFLAKE.ACCOUNT_USAGE.{table} VALUES ({values})")


def govern(account: fake.Snowflake) -> str:
    return account.script(fake.source("credit_governor/20_govern_credits.procedure.sql"))


def test_the_log_has_the_credits_of_each_day_and_follows_what_comes_late(governor):
    chance, expected = random.Random(9), Counter()
    for _ in range(40):
        hours, name, credits = chance.randint(0, 60), chance.choice("AB"), chance.randint(1, 9)
        what = chance.choice(["WAREHOUSE", "AI", "SERVICE"])
        used(governor, hours, name, str(credits), what)
        day = (governor.now - timedelta(hours=hours)).date()
        if day > governor.now.date() - 3 * DAY:
            expected[day, what, name] += credits
    for _ in range(2):
        assert govern(governor) == "0 limits passed"
        rows = governor.rows("SELECT usage_day, service, name, credits FROM CREDIT_USAGE")
        assert {tuple(row[:3]): int(row[3]) for row in rows} == expected
        used(governor, 5, "A", "4")
        expected[(governor.now - timedelta(hours=5)).date(), "WAREHOUSE", "A"] += 4
    assert governor.warehouses == [], "without limits nothing is done"


def test_a_limit_acts_once_a_day_and_only_as_the_table_says(governor):
    limits = [
        ("WAREHOUSE", "W", 5, "LOG", None, None),
        ("WAREHOUSE", "W", 5, "suspend", 'W"1', None),
        ("WAREHOUSE", "W", 5, "RESIZE", "W", "X'SMALL"),
        ("WAREHOUSE", "W", 99, "SUSPEND", "W", None),
        ("AI", "AI_COMPLETE", 1, "EXPLODE", None, None),
    ]
    names = ("service", "name", "daily_credits", "action", "warehouse_name", "warehouse_size")
    for limit in limits:
        governor.put("CREDIT_LIMIT", **dict(zip(names, limit, strict=True)))
    used(governor, 2, "W", "5")
    used(governor, 30, "W", "500")
    assert govern(governor) == "0 limits passed"
    used(governor, 1, "W", "0.5")
    used(governor, 1, "AI_COMPLETE", "2", "AI")
    assert govern(governor) == "4 limits passed"
    assert sorted(governor.warehouses) == [
        """ALTER WAREHOUSE "W" SET WAREHOUSE_SIZE = 'XSMALL'""",
        """ALTER WAREHOUSE "W""1" SUSPEND""",
    ]
    outcomes = Counter(governor.rows("SELECT action, outcome FROM CREDIT_ACTION"))
    not_known = ("EXPLODE", "not understood: nothing was done")
    assert outcomes == Counter([("LOG", "done"), ("SUSPEND", "done"), ("RESIZE", "done"), not_known])
    govern(governor)
    assert len(governor.warehouses) == 2, "once a day"
    governor.later(days=1)
    used(governor, 1, "W", "6")
    govern(governor)
    assert len(governor.warehouses) == 4


def test_what_snowflake_refuses_is_written_down_and_tried_again(governor):
    governor.put("CREDIT_LIMIT", service="WAREHOUSE", name="W", daily_credits=1, action="SUSPEND", warehouse_name="W")
    used(governor, 1, "W", "6")

    def refuse(text: str) -> None:
        if text.startswith("ALTER WAREHOUSE"):
            raise ValueError("Invalid state. Warehouse 'W' cannot be suspended.")

    governor.before = refuse
    assert govern(governor) == "1 limits passed"
    governor.before = lambda text: None
    assert govern(governor) == "1 limits passed"
    assert governor.warehouses == ['ALTER WAREHOUSE "W" SUSPEND']
    outcomes = [row[0] for row in governor.rows("SELECT outcome FROM CREDIT_ACTION")]
    assert sorted(outcomes) == ["Invalid state. Warehouse 'W' cannot be suspended.", "done"]
