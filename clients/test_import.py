"""What SnowDDL made, `snowfence import` writes as manifests that plan empty and are applied without a statement."""

import os
import subprocess

import pytest
from emulator import program
from test_snowddl import SnowDDL

CONFIG = {
    "warehouse.yaml": """
        load:
          size: SMALL
        """,
    # Its own rules give tasks to a role that others do not have: no graph could be made.
    "permission_model.yaml": """
        plain:
          ruleset: SCHEMA_OWNER
          owner_create_grants: [TABLE, VIEW]
          owner_future_grants:
            TABLE: [OWNERSHIP]
            VIEW: [OWNERSHIP]
        """,
    "db/params.yaml": """
        permission_model: plain
        comment: data
        retention_time: 3
        """,
    "db/raw/params.yaml": """
        comment: as it came
        retention_time: 2
        """,
    "db/governance/params.yaml": """
        is_transient: true
        """,
    "db/raw/sequence/ids.yaml": """
        start: 7
        interval: 2
        comment: numbers
        """,
    "db/raw/table/account.yaml": """
        columns:
          id: NUMBER(38,0) NOT NULL
          name: VARCHAR(255)
        primary_key: [id]
        unique_keys: [[name]]
        """,
    "db/raw/table/call.yaml": """
        columns:
          id:
            type: NUMBER(38,0) NOT NULL
            default_sequence: ids
          account_id: NUMBER(38,0)
          transcript:
            type: VARCHAR(16777216)
            comment: what was said, it's long
          at:
            type: TIMESTAMP_NTZ(9)
            default: CURRENT_TIMESTAMP()
          state:
            type: VARCHAR(10)
            default: "'new'"
          raw: VARIANT
        cluster_by: [account_id]
        change_tracking: true
        primary_key: [id]
        foreign_keys:
          - columns: [account_id]
            ref_table: account
            ref_columns: [id]
        retention_time: 5
        comment: calls
        """,
    "db/raw/table/landing.yaml": """
        columns:
          doc: VARIANT
        is_transient: true
        retention_time: 1
        """,
    "db/raw/view/calls_of_accounts.yaml": """
        columns:
          account: the name
          calls: ~
        text: |-
          SELECT a.name, COUNT(*)
          FROM db.raw.call c
          JOIN db.raw.account a ON a.id = c.account_id
          GROUP BY a.name
        comment: "a: # comment"
        """,
    "db/raw/view/secret.yaml": """
        text: SELECT id FROM db.raw.call
        is_secure: true
        """,
    "db/raw/stream/new_calls.yaml": """
        object_type: TABLE
        object_name: call
        append_only: true
        comment: only new ones
        """,
    "db/raw/function/twice(number).yaml": """
        language: SQL
        arguments:
          n: NUMBER(38,0)
        returns: NUMBER(38,0)
        body: n * 2
        comment: doubles
        """,
    "db/raw/function/clean(varchar).yaml": """
        language: PYTHON
        arguments:
          text: VARCHAR(255)
        returns: VARCHAR(255)
        runtime_version: 3.11
        handler: clean
        is_immutable: true
        body: |-
          def clean(text):
              return text.strip()
        """,
    "db/raw/procedure/load(number).yaml": """
        language: SQL
        arguments:
          days: NUMBER(38,0)
        returns: VARCHAR(255)
        is_execute_as_caller: true
        body: |-
          BEGIN
            -- nothing; yet
            RETURN 'it''s done';
          END
        """,
    "db/raw/procedure/script().yaml": """
        language: JAVASCRIPT
        returns: VARIANT
        is_strict: true
        body: |-
          return {"a": 1};
        """,
    "db/raw/file_format/piped.yaml": """
        type: CSV
        format_options:
          FIELD_DELIMITER: "|"
          SKIP_HEADER: 1
          NULL_IF: ["", "NULL"]
        comment: with pipes
        """,
    "db/raw/stage/files.yaml": """
        directory:
          ENABLE: true
        file_format: piped
        comment: what comes
        """,
    "db/raw/pipe/landing.yaml": """
        copy:
          table: landing
          stage: files
          file_format: piped
          transform:
            doc: "GET($1, 'a')"
        auto_ingest: false
        """,
    "db/raw/task/load.yaml": """
        body: CALL db.raw.load(1)
        schedule: USING CRON 0 2 * * * UTC
        warehouse: load
        user_task_timeout_ms: 60000
        comment: every night
        """,
    "db/raw/task/score.yaml": """
        body: |-
          BEGIN
            CALL db.raw.script();
          END
        after: [load]
        when: SYSTEM$STREAM_HAS_DATA('db.raw.new_calls')
        warehouse: load
        """,
    "db/raw/task/tell.yaml": """
        body: SELECT 'end'
        finalize: load
        warehouse: load
        """,
    "db/raw/task/serverless.yaml": """
        body: SELECT 1
        schedule: 5 MINUTE
        user_task_managed_initial_warehouse_size: SMALL
        """,
    "db/raw/alert/late.yaml": """
        warehouse: load
        schedule: 60 MINUTE
        condition: SELECT 1 FROM db.raw.call WHERE state = 'late'
        action: CALL db.raw.script()
        comment: wakes somebody
        """,
    "db/raw/materialized_view/names.yaml": """
        text: SELECT id, name FROM db.raw.account
        comment: for look-ups
        """,
    "db/governance/masking_policy/hide.yaml": """
        arguments:
          text: VARCHAR(255)
        returns: VARCHAR(255)
        body: |-
          CASE WHEN CURRENT_ROLE() = 'ACCOUNTADMIN' THEN text ELSE '***' END
        references:
          - object_type: TABLE
            object_name: db.raw.account
            columns: [name]
        comment: hides
        """,
    "db/governance/row_access_policy/own.yaml": """
        arguments:
          id: NUMBER(38,0)
        body: id > 0
        references:
          - object_type: TABLE
            object_name: db.raw.call
            columns: [account_id]
        """,
}


@pytest.fixture
def made(emulators, tmp_path):
    """SnowDDL, which has carried out CONFIG."""
    snowddl = SnowDDL(tmp_path / "config", emulators("--proxy", "127.0.0.1:0"))
    for file in snowddl.folder.rglob("*.yaml"):
        file.unlink()
    snowddl.write(CONFIG)
    snowddl("--apply-unsafe", "--apply-all-policy", "apply")
    return snowddl


@pytest.fixture
def snowfence(made):
    """The program, as ACCOUNTADMIN of the emulator."""

    def run(*arguments: str) -> subprocess.CompletedProcess:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SNOW")} | {
            "SNOWFLAKE_ACCOUNT": made.emulator.account,
            "SNOWFLAKE_USER": "OPERATOR",
            "SNOWFLAKE_ROLE": "ACCOUNTADMIN",
            "SNOWFLAKE_PRIVATE_KEY_PATH": made.emulator.user()["privateKey"],
            "SNOWFLAKE_PROTOCOL": "https" if made.emulator.url.startswith("https") else "http",
            "SNOWFLAKE_HOST": made.emulator.host,
            "SNOWFLAKE_PORT": str(made.emulator.port),
            "SNOWFENCE_ALLOW_HOSTS": f"{made.emulator.host}:{made.emulator.port}",
        }
        if made.emulator.line["ca"]:
            environment["SNOWFENCE_CA_BUNDLE"] = made.emulator.line["ca"]
        command = [program("snowfence"), *arguments]
        found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert found.returncode == 0, found.stdout + found.stderr
        return found

    return run


def test_what_snowddl_made_plans_empty(made, snowfence, tmp_path):
    since = made.emulator.last()
    written = snowfence("import", "--database", "DB")
    assert "left out" not in written.stderr and "a plan would" not in written.stderr, written.stderr
    for kind in (
        "tables streams procedures functions taskGraphs alerts views materializedViews "
        "rowAccessPolicies maskingPolicies stages fileFormats sequences pipes"
    ).split():
        assert f"\n  {kind}:\n" in written.stdout, kind
    file = tmp_path / "db.yaml"
    file.write_text(written.stdout)
    planned = snowfence("plan", "-f", str(file), "--detailed-exitcode")
    assert planned.stdout == "No changes. Snowflake matches the manifests.\n"
    snowfence("apply", "-f", str(file), "--yes")
    reads = ("SHOW", "DESC", "SELECT")
    assert [s["text"] for s in made.emulator.statements(since) if not s["text"].startswith(reads)] == []
