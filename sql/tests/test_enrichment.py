"""Enrichment buys each answer once, keeps to its limit, and loses nothing when it dies."""

import json
from collections import Counter

import fake
import pytest
import scripting
from fake import Crash, Snowflake, snowflake  # noqa: F401

EXAMPLES = json.loads((fake.LIBRARY / "enrichment" / "examples.json").read_text())
SMALL = {"batch": "2", "batches": "3", "daily_limit": "1000", "cost": "1"}
TABLES = ("10_results", "11_queue", "12_outcomes", "13_spend")


class World:
    """The tables of one enrichment, its source, and models that answer, fail or raise."""

    def __init__(self, account: Snowflake, example: str = "sentiment", **values: str) -> None:
        self.account, self.values = account, {**EXAMPLES[example], **SMALL, **values}
        account.function("AI_SENTIMENT", self.sentiment, "JSON")
        account.function("AI_COMPLETE", self.complete, "JSON")
        account.function("AI_EMBED", lambda model, text: [float(len(text)), 1.0], "DOUBLE[]")
        account.function("LEGACY_SENTIMENT", self.legacy, "DOUBLE")
        account.duck.execute("CREATE MACRO SNOWFLAKE.CORTEX.SENTIMENT(a) AS LEGACY_SENTIMENT(a)")
        account.run("CREATE TABLE REVIEW (review_id NUMBER, review_text VARCHAR, changed_at TIMESTAMP_NTZ)")
        account.stream("REVIEW_SENTIMENT_STREAM", "REVIEW", "review_id")
        for table in TABLES:
            self.file(f"{table}.table.sql")
        account.stream("REVIEW_SENTIMENT_WAITING", "REVIEW_SENTIMENT_QUEUE", "source_key")

    @staticmethod
    def sentiment(text: str, details: bool) -> str:
        assert details
        if "broken" in text:
            return json.dumps({"value": None, "error": "too long"})
        return json.dumps({"value": {"categories": [{"name": "overall", "sentiment": f"like {text}"}]}, "error": None})

    @staticmethod
    def complete(model: str, prompt: str, details: bool) -> str:
        assert details and model
        return json.dumps({"value": f"short: {prompt[-3:]}", "error": None})

    @staticmethod
    def legacy(text: str) -> float:
        if "broken" in text:
            raise ValueError("too long")
        return len(text) / 10

    def file(self, name: str) -> list[tuple]:
        return self.account.file(f"enrichment/{name}", **self.values)

    def add(self, **texts: str | None) -> None:
        for key, text in texts.items():
            self.account.put("REVIEW", review_id=int(key[1:]), review_text=text, changed_at=self.account.now)
            self.account.later(seconds=1)

    def fill(self) -> None:
        self.file("21_fill.task.sql")

    def buy(self) -> None:
        self.file("30_buy.task.sql")

    def both(self, times: int = 1, **later: float) -> None:
        for _ in range(times):
            self.fill()
            self.buy()
            self.account.later(**(later or {"minutes": 5}))

    def bought(self) -> Counter:
        """How often each text was bought."""
        texts = Counter()
        for (name, *rest), n in self.account.calls.items():
            texts[rest[0] if name in ("AI_SENTIMENT", "LEGACY_SENTIMENT") else rest[1]] += n
        return texts

    def results(self) -> dict[str, tuple]:
        rows = self.account.rows("SELECT source_key, result, error, attempts FROM REVIEW_SENTIMENT")
        assert len(rows) == len({row[0] for row in rows}), "two results for one row"
        return {key: (result, error, int(attempts)) for key, result, error, attempts in rows}

    def left(self) -> list[str]:
        """What still waits."""
        return sorted(row[0] for row in self.account.rows("SELECT source_key FROM REVIEW_SENTIMENT_QUEUE"))

    def reset(self) -> None:
        for name in ("SENTIMENT", "SENTIMENT_QUEUE", "SENTIMENT_OUTCOME", "SENTIMENT_SPEND"):
            self.account.rows(f"DELETE FROM REVIEW_{name}")
        self.account.rows("DELETE FROM REVIEW")
        for stream in ("STREAM", "WAITING"):
            self.account.rows(f"DELETE FROM _AT_REVIEW_SENTIMENT_{stream}")
        self.account.calls.clear()
        self.account.now, self.account.uuids = fake.START, 0

    def until_quiet(self, most: int = 8) -> None:
        """Runs until nothing waits, an hour later each time."""
        for _ in range(most):
            self.account.later(minutes=61)
            self.both()
            if not self.left():
                break


@pytest.fixture
def world(snowflake):  # noqa: F811
    return World(snowflake)


def value(text: str) -> dict:
    return {"categories": [{"name": "overall", "sentiment": f"like {text}"}]}


def test_each_row_is_bought_once(world):
    texts = {f"r{n}": f"text {n}" for n in range(7)}
    world.add(**texts)
    world.both(3)
    assert world.bought() == Counter(dict.fromkeys(texts.values(), 1))
    got = {key: json.loads(result) for key, (result, _, _) in world.results().items()}
    assert got == {key[1:]: value(text) for key, text in texts.items()}
    assert world.left() == []


def test_an_answer_that_is_read_twice_in_a_text_is_bought_twice(world):
    """Why the outcome is stored first: this is what a plain INSERT … SELECT would cost."""
    world.add(r1="one")
    world.account.run("SELECT AI_SENTIMENT(review_text, TRUE):value, AI_SENTIMENT(review_text, TRUE):error FROM REVIEW")
    assert world.bought() == Counter(one=2)


def test_only_what_changed_is_bought_again(world):
    world.add(r1="one", r2="two")
    world.both()
    world.account.run("UPDATE REVIEW SET review_text = 'other' WHERE review_id = 1")
    world.account.run("UPDATE REVIEW SET changed_at = SYSDATE() WHERE review_id = 2")
    world.both()
    assert world.bought() == Counter(one=1, two=1, other=1)
    # Back to a text that was bought: nothing to buy, and its result counts again.
    world.account.run("UPDATE REVIEW SET review_text = 'one' WHERE review_id = 1")
    world.both()
    assert world.bought() == Counter(one=1, two=1, other=1)
    newest = {row[0]: row for row in world.file("40_newest.view.sql")}
    assert (json.loads(newest[1][2]), newest[1][-1]) == (value("one"), True)
    assert (json.loads(newest[2][2]), newest[2][-1]) == (value("two"), True)


def test_what_goes_or_goes_back_before_it_is_bought_costs_nothing(world):
    world.add(r1="one", r2="two", r3=None, r4="")
    world.both()
    world.account.run("UPDATE REVIEW SET review_text = 'other' WHERE review_id = 1")
    world.fill()
    assert world.left() == ["1"]
    world.account.run("UPDATE REVIEW SET review_text = 'one' WHERE review_id = 1")
    world.fill()
    world.add(r5="five")
    world.fill()
    world.account.run("DELETE FROM REVIEW WHERE review_id = 5")
    world.both()
    assert world.left() == []
    assert world.bought() == Counter(one=1, two=1)


def test_the_view_shows_the_older_result_until_there_is_a_newer(world):
    world.add(r1="one", r2="two")
    world.both()
    world.account.run("UPDATE REVIEW SET review_text = 'other' WHERE review_id = 1")
    world.add(r3="three")
    rows = {row[0]: (row[2] and json.loads(row[2]), row[-1]) for row in world.file("40_newest.view.sql")}
    assert rows == {1: (value("one"), False), 2: (value("two"), True), 3: (None, False)}
    world.both()
    rows = {row[0]: (row[2] and json.loads(row[2]), row[-1]) for row in world.file("40_newest.view.sql")}
    assert rows == {1: (value("other"), True), 2: (value("two"), True), 3: (value("three"), True)}


def test_the_source_is_never_written(world):
    written = []
    world.account.before = lambda text: written.append(scripting.tokens(text))
    world.add(r1="one")
    world.both(2)
    for found in written:
        words = [token.upper for token in found]
        assert (
            "REVIEW" not in words or words[0] not in ("UPDATE", "DELETE") and words[:3] != ["MERGE", "INTO", "REVIEW"]
        )


def test_a_failing_row_is_tried_a_bounded_number_of_times_and_keeps_its_error(world):
    world.add(r1="one", r2="broken", r3="three")
    tries = []
    for _ in range(24):
        world.both(minutes=10)
        tries.append(world.bought()["broken"])
    assert tries[0] == 1 and tries[-1] == 3
    assert world.bought() == Counter(one=1, three=1, broken=3)
    assert world.results()["2"] == (None, "too long", 3)
    assert world.left() == []
    # The pause grows: 15 minutes, then 60.
    assert tries.index(2) < tries.index(3) - tries.index(2)
    # The same text, delivered again, is not bought again; told to, it is.
    world.account.run("UPDATE REVIEW SET changed_at = SYSDATE() WHERE review_id = 2")
    world.both()
    assert world.bought()["broken"] == 3
    world.file("51_retry_failed.query.sql")
    world.file("50_backfill.query.sql")
    world.both()
    assert world.bought() == Counter(one=1, three=1, broken=4)


def test_one_row_that_makes_the_statement_fail_does_not_take_the_others_along(snowflake):  # noqa: F811
    world = World(snowflake, "sentiment_legacy", batch="10", batches="20")
    world.add(**{f"r{n}": "broken" if n == 7 else f"text {n}" for n in range(20)})
    world.both(30, minutes=60)
    results = world.results()
    assert len(results) == 20 and world.left() == []
    assert results["7"][0] is None and "too long" in results["7"][1]
    assert [key for key, (result, error, _) in results.items() if error or result is None] == ["7"]
    assert max(world.bought().values()) <= 3


def test_a_new_fingerprint_buys_everything_again_and_keeps_the_old_results(world):
    world.add(r1="one", r2="two")
    world.both()
    world.values["fingerprint"] = "another"
    world.file("50_backfill.query.sql")
    world.file("50_backfill.query.sql")
    world.buy()
    assert world.bought() == Counter(one=2, two=2)
    assert len(world.account.rows("SELECT * FROM REVIEW_SENTIMENT")) == 4
    assert all(row[-1] for row in world.file("40_newest.view.sql"))


def test_the_limit_of_a_day_holds_and_the_next_day_goes_on(snowflake):  # noqa: F811
    world = World(snowflake, cost="LENGTH(review_text)", daily_limit="20", batch="3", batches="10")
    world.add(**{f"r{n}": f"text{n}" for n in range(9)}, r9="x" * 21)
    for day in (1, 2, 3):
        world.both(3)
        spent = sum(len(text) * n for text, n in world.bought().items())
        assert spent == min(20, 9 * 5) * day if day < 3 else spent == 45
        world.account.later(days=1)
    # The row that costs more than a day may neither is bought nor holds up the others.
    assert world.left() == ["9"]
    assert [row[0] for row in world.file("52_backlog.view.sql")] == ["costs more than a day may"]


def statements_of(world: World) -> int:
    seen = []
    world.account.before = seen.append
    world.both()
    world.account.before = lambda text: None
    return len(seen)


# Before each statement, so after each, too; and within each, when its work is done and not committed.
@pytest.mark.parametrize(("where", "limit"), [("before", "1000"), ("uncommitted", "5")])
def test_a_crash_anywhere_loses_nothing_and_buys_the_batch_in_flight_again_at_most(snowflake, where, limit):  # noqa: F811
    world = World(snowflake, daily_limit=limit)
    account = world.account
    texts = {f"r{n}": f"text {n}" for n in range(3)}
    world.add(**texts)
    count = statements_of(world)
    assert count > 20
    for n in range(count):
        world.reset()
        world.add(**texts)
        seen = []

        def die(text: str, n: int = n, seen: list = seen) -> None:
            seen.append(text)
            if len(seen) == n + 1:
                raise Crash

        setattr(account, where, die)
        try:
            world.both()
        except Crash:
            account.die()
        setattr(account, where, lambda text: None)
        day = account.now.date()
        world.until_quiet(4)
        if account.now.date() == day:
            assert sum(world.bought().values()) <= int(limit), f"over the limit at statement {n}"
        if world.left():
            account.later(days=1)
            world.until_quiet()
        got = {key: json.loads(result) for key, (result, _, _) in world.results().items()}
        assert got == {key[1:]: value(text) for key, text in texts.items()}, f"lost at statement {n}"
        assert world.left() == []
        assert not account.rows("SELECT * FROM REVIEW_SENTIMENT_OUTCOME")
        again = sum(world.bought().values()) - len(texts)
        in_flight = 2 if where == "uncommitted" else 0
        assert 0 <= again <= in_flight, f"bought {again} again at statement {n}"


def test_two_runs_that_bought_the_same_make_one_result(world):
    """A run outlived its lease, and another bought the same: both outcomes come in."""
    world.add(r1="one", r2="two")
    world.fill()
    slow = []

    def hold(text: str) -> None:
        # Just before the slow run stores its outcomes, its lease runs out and another run does everything.
        if "INSERT INTO REVIEW_SENTIMENT_OUTCOME" in text and not slow:
            slow.append(world.account.now)
            world.account.later(minutes=61)
            world.buy()
            rows = world.account.rows("SELECT source_key, input_hash, fingerprint FROM REVIEW_SENTIMENT")
            for key, digest, fingerprint in rows:
                world.account.put(
                    "REVIEW_SENTIMENT_OUTCOME", lease_id="late", source_key=key, input_hash=digest,
                    fingerprint=fingerprint, attempts=1, outcome={"value": "late", "error": None},
                    bought_at=world.account.now, settling=False,
                )  # fmt: skip

    world.account.before = hold
    world.buy()
    assert slow and world.left() == []
    assert {key: json.loads(row[0]) for key, row in world.results().items()} == {"1": value("one"), "2": value("two")}


def test_a_text_that_changes_while_its_old_one_is_bought_is_bought_too(world):
    world.add(r1="one")
    world.fill()

    def change(text: str) -> None:
        if "INSERT INTO REVIEW_SENTIMENT_OUTCOME" in text:
            world.account.after = lambda text: None
            world.account.run("UPDATE REVIEW SET review_text = 'other', changed_at = SYSDATE()")
            world.fill()

    world.account.after = change
    world.buy()
    world.both()
    assert world.bought() == Counter(one=1, other=1)
    newest = world.file("40_newest.view.sql")
    assert [(json.loads(row[2]), row[-1]) for row in newest] == [(value("other"), True)]
    assert world.left() == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_runs(snowflake, example):  # noqa: F811
    world = World(snowflake, example)
    world.add(r1="one", r2="three")
    world.both(2)
    assert world.left() == [] and sum(world.bought().values()) == 2
    got = {key: result for key, (result, _, _) in world.results().items()}
    expected = {
        "sentiment": {"1": value("one"), "2": value("three")},
        "sentiment_legacy": {"1": 0.3, "2": 0.5},
        "summary": {"1": "short: one", "2": "short: ree"},
        "embedding": {"1": [3.0, 1.0], "2": [5.0, 1.0]},
    }[example]
    read = json.loads if example in ("sentiment", "embedding") else lambda found: found
    assert {key: read(result) for key, result in got.items()} == expected


def awake(world: World) -> bool:
    """Whether the schedule finds something in the stream on the queue."""
    return bool(world.account.run("SELECT source_key FROM REVIEW_SENTIMENT_WAITING"))


def test_the_schedule_is_awake_while_anything_waits_and_no_longer(snowflake):  # noqa: F811
    world = World(snowflake, daily_limit="2", batch="1", batches="5")
    assert not awake(world)
    world.add(r1="one", r2="two", r3="three")
    world.fill()
    assert awake(world)
    world.buy()
    assert world.left() == ["3"] and awake(world)
    # A run that may buy nothing leaves it awake, too.
    world.account.later(minutes=15)
    world.buy()
    assert world.left() == ["3"] and awake(world)
    world.account.later(days=1)
    world.buy()
    assert world.left() == [] and not awake(world)
    world.add(r4="four")
    world.fill()
    assert awake(world)


def test_a_run_that_dies_before_the_end_leaves_the_schedule_awake(world):
    world.add(r1="one")
    world.fill()

    def die(text: str) -> None:
        if "REVIEW_SENTIMENT_WAITING" in text:
            raise Crash

    world.account.before = die
    with pytest.raises(Crash):
        world.buy()
    world.account.die()
    world.account.before = lambda text: None
    world.add(r2="two")
    world.fill()
    world.buy()
    assert world.left() == [] and not awake(world)


def test_kept_results_are_left_alone_by_a_new_fingerprint(snowflake):  # noqa: F811
    world = World(snowflake, keep="TRUE")
    world.add(r1="one", r2="broken")
    for _ in range(3):
        world.both(minutes=100)
    world.values["fingerprint"] = "another"
    world.account.run("UPDATE REVIEW SET changed_at = SYSDATE()")
    world.file("50_backfill.query.sql")
    world.add(r3="three")
    world.both(2)
    assert world.bought() == Counter(one=1, broken=3, three=1)
    prints = world.account.rows("SELECT source_key, fingerprint FROM REVIEW_SENTIMENT ORDER BY 1")
    assert dict(prints)["3"] == "another" and dict(prints)["1"] != "another"


def test_what_waits_when_the_prompt_changes_is_bought_under_the_new_one(world):
    world.add(r1="one")
    world.fill()
    world.values["fingerprint"] = "another"
    world.buy()
    assert world.account.rows("SELECT source_key, fingerprint FROM REVIEW_SENTIMENT") == [("1", "another")]
    assert world.left() == [] and world.bought() == Counter(one=1)


def test_the_stream_of_existing_rows_queues_what_is_there_or_what_has_a_result(snowflake):  # noqa: F811
    for every, queued in (("TRUE", ["1", "2"]), ("FALSE", ["1"])):
        account = snowflake if every == "TRUE" else fake.Snowflake()
        world = World(account)
        world.add(r1="one")
        world.both()
        world.add(r2="two")
        # The main stream gives it elsewhere: here only what the other stream gives is looked at.
        account.rows("DELETE FROM _AT_REVIEW_SENTIMENT_STREAM")
        account.rows("INSERT INTO _AT_REVIEW_SENTIMENT_STREAM SELECT * FROM REVIEW")
        account.stream("REVIEW_SENTIMENT_EXISTING", "REVIEW", "review_id")
        account.rows("DELETE FROM _AT_REVIEW_SENTIMENT_EXISTING")
        world.values |= {"fingerprint": "another", "all": every}
        account.file("enrichment/21_fill.task.sql", **{**world.values, "stream": "REVIEW_SENTIMENT_EXISTING"})
        assert world.left() == queued
        if account is not snowflake:
            account.close()


def test_nothing_is_bought_once_the_credits_of_the_day_are_reached(world):
    world.account.duck.execute(
        "CREATE TABLE SNOWFLAKE.ACCOUNT_USAGE.CORTEX_AI_FUNCTIONS_USAGE_HISTORY"
        " (start_time TIMESTAMPTZ, query_tag VARCHAR, credits DOUBLE)"
    )
    used = "INSERT INTO SNOWFLAKE.ACCOUNT_USAGE.CORTEX_AI_FUNCTIONS_USAGE_HISTORY SELECT "
    tag = world.values["query_tag"]
    query = fake.source("enrichment/31_credits.query.sql", **world.values)
    world.values |= {"credits": "\n".join(query.splitlines()[2:]), "credits_per_day": "2"}
    world.add(r1="one")
    for stamp, whose, credits in (
        (world.account.now, "'another'", 9),
        (fake.START.replace(day=1), tag, 9),
        (world.account.now, tag, 1.5),
    ):
        world.account.duck.execute(f"{used} '{stamp.isoformat()}+00'::TIMESTAMPTZ, {whose}, {credits}")
    world.both()
    assert world.bought() == Counter(one=1)
    world.account.duck.execute(f"{used} '{world.account.now.isoformat()}+00'::TIMESTAMPTZ, {tag}, 0.5")
    world.add(r2="two")
    world.both()
    assert world.bought() == Counter(one=1) and world.left() == ["2"]
    world.account.later(days=1)
    world.both()
    assert world.bought() == Counter(one=1, two=1)


def test_rows_without_a_key_hold_nothing_up(world):
    world.account.run("INSERT INTO REVIEW (review_text) SELECT 'nobody''s'")
    world.add(r1="one")
    world.both()
    world.file("50_backfill.query.sql")
    assert world.bought() == Counter(one=1) and world.left() == []
