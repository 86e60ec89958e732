"""SnowDDL plans, applies, plans again and destroys, through the proxy: it takes no host."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = {
    "warehouse.yaml": """
        load:
          size: SMALL
          auto_suspend: 60
          comment: loads, it's said
          resource_monitor: month
          warehouse_params: {statement_timeout_in_seconds: 3600}
        query:
          size: XSMALL
          auto_suspend: 120
          min_cluster_count: 1
          max_cluster_count: 2
        """,
    "resource_monitor.yaml": """
        month:
          credit_quota: 100
          frequency: MONTHLY
          triggers: {50: NOTIFY, 100: SUSPEND}
        """,
    "technical_role.yaml": """
        loader:
          grants:
            "WAREHOUSE:USAGE,OPERATE": [load]
        """,
    "business_role.yaml": """
        analyst:
          schema_read: [db.raw]
          warehouse_usage: [query]
          technical_roles: [loader]
        """,
    "user.yaml": """
        john:
          first_name: John
          last_name: O'Neil
          email: john@example.org
          business_roles: [analyst]
          default_warehouse: query
        robot:
          type: SERVICE
          business_roles: [analyst]
        """,
    "db/params.yaml": """
        comment: data
        retention_time: 3
        """,
    "db/raw/params.yaml": """
        comment: as it came
        """,
}


class SnowDDL:
    def __init__(self, folder: Path, emulator) -> None:
        self.folder, self.emulator = folder, emulator
        self.write(CONFIG)

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            indent = re.match(r"\n( *)", text)[1]
            file.write_text(text.replace("\n" + indent, "\n").strip() + "\n")

    def __call__(self, *arguments: str) -> tuple[int, int, str]:
        """How many statements it executed and suggested, and all that it said."""
        environment = {name: value for name, value in os.environ.items() if name != "NO_PROXY"} | {
            "HTTPS_PROXY": self.emulator.line["proxy"],
            "REQUESTS_CA_BUNDLE": self.emulator.line["ca"],
            "SSL_CERT_FILE": self.emulator.line["ca"],
            "SNOWFLAKE_PASSWORD": self.emulator.user()["password"],
        }
        command = [Path(sys.executable).with_name("snowddl"), "-c", self.folder, "-a", self.emulator.account.lower()]
        command += ["-u", "OPERATOR", "-r", "ACCOUNTADMIN", "--apply-resource-monitor", *arguments]
        found = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120
        )
        assert found.returncode == 0, found.stdout
        assert "ERROR" not in found.stdout and "WARNING" not in found.stdout, found.stdout
        executed, suggested = re.search(r"Executed (\d+) DDL queries, Suggested (\d+) DDL", found.stdout).groups()
        return int(executed), int(suggested), found.stdout


@pytest.fixture
def snowddl(emulators, tmp_path):
    return SnowDDL(tmp_path, emulators("--proxy", "127.0.0.1:0"))


ALWAYS = {"OPERATOR", "PUBLIC", "ACCOUNTADMIN", "SYSADMIN", "SECURITYADMIN", "USERADMIN", "ORGADMIN", "SNOWFLAKE"}


def names(emulator, plural: str) -> set[str]:
    """What an account has of a kind, but for what every account has."""
    answer = emulator.sql(f"SHOW {plural}")
    columns = [column["name"] for column in answer["resultSetMetaData"]["rowType"]]
    return {row[columns.index("name")] for row in answer["data"]} - ALWAYS


def test_a_plan_becomes_true_and_the_next_is_empty(snowddl):
    executed, suggested, said = snowddl("--apply-unsafe", "plan")
    assert (executed, suggested > 100) == (0, True), said
    assert "CREATE WAREHOUSE" in said and "CREATE RESOURCE MONITOR" in said and "CREATE USER" in said
    assert names(snowddl.emulator, "WAREHOUSES") == set()

    executed, left, said = snowddl("--apply-unsafe", "apply")
    assert (executed, left) == (suggested, 0), said
    assert names(snowddl.emulator, "WAREHOUSES") == {"LOAD", "QUERY"}
    assert names(snowddl.emulator, "RESOURCE MONITORS") == {"MONTH"}
    assert names(snowddl.emulator, "DATABASES") == {"DB"}
    assert names(snowddl.emulator, "USERS") == {"JOHN", "ROBOT"}
    assert {"LOADER__T_ROLE", "ANALYST__B_ROLE", "JOHN__U_ROLE"} <= names(snowddl.emulator, "ROLES")

    since = snowddl.emulator.last()
    executed, suggested, said = snowddl("--apply-unsafe", "plan")
    assert (executed, suggested) == (0, 0), said
    written = [s["text"] for s in snowddl.emulator.statements(since) if s["text"].split()[0] not in ("SHOW", "SELECT", "DESC")]
    assert written == []


def test_a_change_is_planned_alone(snowddl):
    snowddl("--apply-unsafe", "apply")
    changed = CONFIG["warehouse.yaml"].replace("size: SMALL", "size: LARGE").replace("3600", "7200")
    snowddl.write({"warehouse.yaml": changed})
    executed, suggested, said = snowddl("--apply-unsafe", "plan")
    assert suggested in (1, 2) and said.count("ALTER WAREHOUSE") == suggested, said
    snowddl("--apply-unsafe", "apply")
    # And what somebody else changed is found.
    snowddl.emulator.sql("ALTER WAREHOUSE QUERY SET AUTO_SUSPEND = 999")
    executed, suggested, said = snowddl("--apply-unsafe", "plan")
    assert suggested == 1 and "AUTO_SUSPEND" in said, said
    snowddl("--apply-unsafe", "apply")
    assert snowddl("--apply-unsafe", "plan")[:2] == (0, 0)


def test_what_it_made_it_destroys(snowddl):
    snowddl.emulator.sql("CREATE WAREHOUSE SOMEBODY_ELSES")
    snowddl("--env-prefix", "DEV", "--apply-unsafe", "apply")
    assert names(snowddl.emulator, "WAREHOUSES") == {"DEV__LOAD", "DEV__QUERY", "SOMEBODY_ELSES"}
    snowddl("--env-prefix", "DEV", "--apply-unsafe", "destroy")
    assert names(snowddl.emulator, "WAREHOUSES") == {"SOMEBODY_ELSES"}
    for plural in ("RESOURCE MONITORS", "DATABASES", "USERS", "ROLES"):
        assert names(snowddl.emulator, plural) == set(), plural
