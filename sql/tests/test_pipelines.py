"""The other pipelines, on sample rows, against the same in plain Python."""

import json
import random
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

import fake
import pytest
from fake import snowflake  # noqa: F401

DAY = timedelta(days=1)


# crm_nightly


def record(contact: str | None, updated: str | None, **fields: str) -> dict:
    return {"contact_id": contact, "updated_at": updated, "email": f" {contact}@Example.com ", **fields}


def test_the_newest_record_of_a_contact_is_merged(snowflake):  # noqa: F811
    snowflake.tables("crm_nightly")
    snowflake.stream("CRM_LANDING_STREAM", "CRM_LANDING", "file_name")
    chance, expected = random.Random(3), {}
    for night in range(4):
        for row in range(30):
            contact = chance.choice("abcdefgh")
            at = datetime(2026, 1, 1) + timedelta(hours=chance.randint(0, 500), seconds=30 * night + row)
            found = record(contact, at.isoformat(), company=f"{night}/{row}")
            snowflake.put("CRM_LANDING", payload=found, file_name=f"night {night}", file_row=row)
            if contact not in expected or at > expected[contact][0]:
                expected[contact] = (at, f"{contact}@example.com", f"{night}/{row}")
        for broken in (record(None, "2026-01-01"), record("z", "yesterday"), record("y", None)):
            snowflake.put("CRM_LANDING", payload=broken, file_name=f"night {night}", file_row=99)
        snowflake.file("crm_nightly/21_merge_contact.task.sql")
        rows = snowflake.rows("SELECT contact_id, updated_at, email, company FROM CONTACT")
        assert {row[0]: row[1:] for row in rows} == expected
        assert len(rows) == len(expected)
    assert snowflake.file("crm_nightly/21_merge_contact.task.sql") == [(0,)]


def test_each_load_is_logged_once(snowflake):  # noqa: F811
    snowflake.tables("crm_nightly")
    snowflake.run(
        "CREATE TABLE FAKE_COPY_HISTORY (file_name VARCHAR, last_load_time TIMESTAMP_LTZ, status VARCHAR,"
        " row_count NUMBER, error_count NUMBER, first_error_message VARCHAR)"
    )
    loads = [("a.json", "Loaded", 3, 0, None), ("b.json", "Load failed", 0, 1, "no JSON")]
    for name, status, count, errors, error in loads:
        snowflake.put(
            "FAKE_COPY_HISTORY", file_name=name, last_load_time=snowflake.now, status=status, row_count=count,
            error_count=errors, first_error_message=error,
        )  # fmt: skip
    for _ in range(2):
        snowflake.file("crm_nightly/22_log_loads.task.sql")
    found = snowflake.rows("SELECT file_name, status, row_count, error_count, first_error FROM CRM_LOAD_LOG")
    assert sorted(found) == sorted(loads)


# cdc_urgency


def urgency(ticket: dict) -> str:
    if ticket["closed_at"]:
        return "NONE"
    if (ticket["priority"] or "").upper() in ("P1", "URGENT"):
        return "HIGH"
    if any(
        word in (ticket["subject"] or "").lower() for word in ("urgent", "critical", "emergency", "outage", "data loss")
    ):
        return "HIGH"
    known = {"P2": "MEDIUM", "HIGH": "MEDIUM", "P3": "LOW", "P4": "LOW", "NORMAL": "LOW", "LOW": "LOW"}
    return known.get((ticket["priority"] or "").upper(), "UNKNOWN")


@pytest.fixture
def tickets(snowflake):  # noqa: F811
    snowflake.function("AI_CLASSIFY", lambda text, labels: json.dumps({"labels": ["MEDIUM"]}), "JSON")
    snowflake.tables("cdc_urgency")
    snowflake.stream("TICKET_STREAM", "TICKET", "ticket_id")
    return snowflake


def test_urgency_follows_the_rules_through_changes(tickets):
    chance, known = random.Random(5), {}
    subjects = ["Outage in the north", "It is CRITICAL!", "hello", None, "urgently needed", "data loss", "nothing"]
    priorities = ["P1", "urgent", "p2", "High", "P3", "low", None, "what?"]
    for step in range(60):
        key = f"t{chance.randint(1, 12)}"
        ticket = {
            "subject": chance.choice(subjects),
            "priority": chance.choice(priorities),
            "closed_at": chance.choice([None, None, fake.START]),
        }
        if key in known and chance.random() < 0.3:
            tickets.run(f"DELETE FROM TICKET WHERE ticket_id = '{key}'")
            del known[key]
        elif key in known:
            sets = ", ".join(f"{name} = {fake.literal(value)}" for name, value in ticket.items())
            tickets.run(f"UPDATE TICKET SET {sets} WHERE ticket_id = '{key}'")
            known[key] = ticket
        else:
            tickets.put("TICKET", ticket_id=key, opened_at=tickets.now, **ticket)
            known[key] = ticket
        if step % 4 == 3:
            tickets.file("cdc_urgency/20_urgency.task.sql")
            found = dict(tickets.rows("SELECT ticket_id, urgency FROM TICKET_URGENCY"))
            assert found == {key: urgency(ticket) for key, ticket in known.items()}


def test_the_model_is_asked_once_and_only_where_no_rule_knows(tickets):
    for n, priority in enumerate(["P1", None, "odd", "P3"]):
        tickets.put("TICKET", ticket_id=f"t{n}", subject=f"subject {n}", priority=priority, opened_at=tickets.now)
    tickets.file("cdc_urgency/20_urgency.task.sql")
    for _ in range(2):
        tickets.file("cdc_urgency/21_ask.task.sql")
    assert Counter(call[1] for call in tickets.calls) == Counter(["subject 1\n", "subject 2\n"])
    assert max(tickets.calls.values()) == 1
    found = {row[0]: row[4:] for row in tickets.file("cdc_urgency/30_ticket_now.view.sql")}
    assert found == {"t0": ("HIGH", False), "t1": ("MEDIUM", True), "t2": ("MEDIUM", True), "t3": ("LOW", False)}


# customer_360, daily_metrics


def test_all_of_a_customer_is_one_row_and_nothing_is_counted_twice(snowflake):  # noqa: F811
    snowflake.tables("customer_360")
    for view in ("20_account_calls", "21_account_deals", "22_account_tickets"):
        text = fake.source(f"customer_360/{view}.view.sql")
        snowflake.run(f"CREATE VIEW {view[3:]} AS {text}")
    chance = random.Random(11)
    names = [f"a{n}" for n in range(6)]
    seen = {name: Counter() for name in names}
    days = defaultdict(lambda: [set(), set(), set(), Decimal(0)])
    for name in names:
        snowflake.put("ACCOUNT", account_id=name, name=name.upper(), industry="any", renews_on=date(2026, 12, 1))
    for n in range(80):
        name, at = chance.choice(names[:5]), snowflake.now - timedelta(days=chance.randint(0, 180), hours=1)
        what = chance.choice(["call", "deal", "ticket"])
        if what == "call":
            mood = chance.choice(["negative", "positive", None])
            snowflake.put("ACCOUNT_CALL", call_id=f"c{n}", account_id=name, started_at=at, sentiment=mood)
            recent = at >= snowflake.now - 90 * DAY
            seen[name] += Counter(calls=recent, bad=recent and mood == "negative", ever_bad=mood == "negative")
            days[name, at.date()][0].add(n)
        elif what == "deal":
            stage, amount = chance.choice(["Open", "Closed Won", "Closed Lost"]), Decimal(chance.randint(1, 9999))
            snowflake.put("DEAL", deal_id=f"d{n}", account_id=name, stage=stage, amount=amount, changed_at=at)
            seen[name] += Counter(deals=stage == "Open", amount=amount if stage == "Open" else 0)
            days[name, at.date()][2].add(n)
            days[name, at.date()][3] += amount
        else:
            closed, how = chance.choice([None, at]), chance.choice(["HIGH", "LOW"])
            snowflake.put(
                "ACCOUNT_TICKET", ticket_id=f"t{n}", account_id=name, urgency=how, opened_at=at, closed_at=closed
            )
            seen[name] += Counter(tickets=not closed, urgent=not closed and how == "HIGH")
            days[name, at.date()][1].add(n)
    rows = snowflake.file("customer_360/30_customer_360.view.sql")
    found = {row[0]: tuple(map(int, (*row[4:6], *row[7:]))) for row in rows}
    assert len(rows) == len(names)
    fields = ("calls", "bad", "deals", "amount", "tickets", "urgent")
    assert found == {name: tuple(int(seen[name][field]) for field in fields) for name in names}

    def health(of: Counter) -> str:
        if of["urgent"] >= 2 or of["ever_bad"] >= 3:
            return "AT RISK"
        return "WATCH" if of["urgent"] + of["ever_bad"] else "GOOD"

    rows = snowflake.file("customer_360/40_account_health.dynamic_table.sql")
    assert {row[0]: row[-1] for row in rows} == {name: health(seen[name]) for name in names}
    assert len({row[-1] for row in rows}) > 1

    rows = snowflake.file("daily_metrics/10_daily_metrics.dynamic_table.sql")
    assert {tuple(row[:2]): (*map(int, row[2:5]), Decimal(row[5])) for row in rows} == {
        key: (len(calls), len(opened), len(deals), amount) for key, (calls, opened, deals, amount) in days.items()
    }


# executive_summary


@pytest.fixture
def summary(snowflake):  # noqa: F811
    snowflake.tables("executive_summary")
    snowflake.function("AI_COMPLETE", lambda model, prompt: None if "silent" in prompt else f"about {prompt[-7:]}")
    # An aggregate; DuckDB has no own ones in Python, so the texts are joined before they are asked about.
    snowflake.function("FAKE_AGG", lambda texts, instruction: f"themes of {texts}")
    snowflake.duck.execute("CREATE MACRO D.S.AI_AGG(a, b) AS FAKE_AGG(string_agg(a, ' / ' ORDER BY a), b)")
    return snowflake


def write(account: fake.Snowflake, day: date) -> str:
    text = fake.source("executive_summary/20_write_summary.procedure.sql")
    return account.script(text, report_day=day, recipients="a@example.com")


def test_the_summary_of_a_day_is_bought_and_sent_once(summary):
    day = date(2026, 3, 1)
    assert write(summary, day) == "no facts"
    for subject in ("calls", "deals"):
        summary.put("DAILY_FACT", fact_day=day, subject=subject, fact=f"{subject} 7")
    summary.put("DAILY_FACT", fact_day=day + DAY, subject="other", fact="day")
    assert write(summary, day) == "sent"
    assert write(summary, day) == "sent before"
    assert summary.mails == [("EXECUTIVE_MAIL", "a@example.com", "Summary of 2026-03-01", "about deals 7")]
    assert max(summary.calls.values()) == 1 and len(summary.calls) == 2
    rows = summary.rows("SELECT themes, summary, mailed_at IS NOT NULL FROM DAILY_SUMMARY")
    assert rows == [("themes of calls: calls 7 / deals: deals 7", "about deals 7", True)]


def test_a_summary_that_died_goes_on_where_it_was(summary):
    day = date(2026, 3, 1)
    summary.put("DAILY_FACT", fact_day=day, subject="calls", fact="7")
    seen = []
    summary.before = seen.append
    write(summary, day)
    count = len(seen)
    for n in range(count):
        summary.rows("DELETE FROM DAILY_SUMMARY")
        summary.calls.clear()
        summary.mails.clear()
        seen = []

        def die(text: str, n: int = n, seen: list = seen) -> None:
            seen.append(text)
            if len(seen) == n + 1:
                raise fake.Crash

        summary.before = die
        with pytest.raises(fake.Crash):
            write(summary, day)
        summary.before = lambda text: None
        assert write(summary, day) in ("sent", "sent before")
        assert max(summary.calls.values()) == 1
        # Once too often where it died between the email and the note of it, never not at all.
        assert len(summary.mails) == (2 if "SET mailed_at" in seen[-1] else 1)


def test_without_an_answer_no_mail_is_sent_and_the_next_run_asks_again(summary):
    day = date(2026, 3, 1)
    summary.put("DAILY_FACT", fact_day=day, subject="silent", fact="7")
    assert [write(summary, day) for _ in range(2)] == ["no answer", "no answer"]
    assert summary.mails == [] and summary.bought("AI_COMPLETE") == 2 and summary.bought("FAKE_AGG") == 1


# row_access_sales


def test_everybody_sees_what_they_may(snowflake):  # noqa: F811
    snowflake.tables("row_access_sales")
    for user, account in (("ANN", "a1"), ("ANN", "a2"), ("BOB", "a2")):
        snowflake.put("SALES_ACCOUNT", user_name=user, account_id=account)
    for n, account in enumerate(["a1", "a2", "a3", None]):
        snowflake.put("OPPORTUNITY", opportunity_id=f"o{n}", account_id=account, contact_email=f"{n}@mail@example.com")
    snowflake.put("OPPORTUNITY", opportunity_id="o4", account_id="a2", contact_email=None)
    snowflake.put("OPPORTUNITY", opportunity_id="o5", account_id="a2", contact_email="no address")
    rows = fake.source("row_access_sales/20_sales_rows.row_access_policy.sql").replace("row_account", "o.account_id")
    mask = fake.source("row_access_sales/21_email_mask.masking_policy.sql").replace("val", "o.contact_email")

    def sees(user: str, *roles: str) -> dict:
        snowflake.sign_in(user, *roles)
        return dict(snowflake.run(f"SELECT o.opportunity_id, ({mask}) FROM OPPORTUNITY o WHERE ({rows})"))

    masked = "*****@example.com"
    assert sees("ANN", "SALES") == {"o0": masked, "o1": masked, "o4": None, "o5": "*****"}
    assert sees("BOB", "SALES", "PII_READER") == {"o1": "1@mail@example.com", "o4": None, "o5": "no address"}
    assert sees("EVE", "SALES", "PII_READER") == {}
    assert set(sees("EVE", "SALES_ADMIN")) == {f"o{n}" for n in range(6)}
    assert sees("EVE", "SALES_ADMIN")["o3"] == masked


# alerts


def test_the_alert_of_stale_calls_looks_six_hours_back(snowflake):  # noqa: F811
    snowflake.tables("call_intelligence")
    condition = "alerts/10_stale_calls.condition.sql"
    assert len(snowflake.file(condition)) == 1, "an empty table is stale"
    snowflake.put("CALL_LANDING", call_id="1", payload={}, payload_sha256="x", fetched_at=snowflake.now)
    snowflake.later(hours=6)
    assert snowflake.file(condition) == []
    snowflake.later(seconds=1)
    assert len(snowflake.file(condition)) == 1
    snowflake.file("alerts/11_stale_calls.action.sql")
    assert snowflake.mails[0][:3] == ("OPERATIONS_MAIL", "operations@example.com", "No new calls")


def test_the_alert_of_failed_tasks_tells_each_failure_once(snowflake):  # noqa: F811
    snowflake.run(
        "CREATE TABLE FAKE_TASK_HISTORY"
        " (name VARCHAR, state VARCHAR, error_message VARCHAR, completed_time TIMESTAMP_NTZ)"
    )
    for name in ("LAST_SUCCESSFUL_SCHEDULED_TIME", "SCHEDULED_TIME"):
        snowflake.duck.execute(f"CREATE MACRO SNOWFLAKE.ALERT.{name}() AS getvariable('{name}')")
    chance, told = random.Random(2), []
    failures = []
    for n in range(200):
        state, at = chance.choice(["FAILED", "SUCCEEDED"]), fake.START + timedelta(seconds=chance.randint(0, 3600))
        snowflake.put("FAKE_TASK_HISTORY", name=f"t{n}", state=state, error_message="e", completed_time=at)
        failures += [f"t{n}"] if state == "FAILED" else []
    for quarter in range(5):
        for name, at in (("LAST_SUCCESSFUL_SCHEDULED_TIME", quarter), ("SCHEDULED_TIME", quarter + 1)):
            moment = fake.START + timedelta(minutes=15 * at)
            snowflake.duck.execute(f"SET VARIABLE {name} = TIMESTAMP '{moment}'")
        told += [row[0] for row in snowflake.file("alerts/20_failed_task.condition.sql")]
    assert sorted(told) == sorted(failures)
