"""Random lives of an enrichment: rows come, change and go, models fail, runs die, days pass."""

import json
import random
from collections import Counter

import pytest
from fake import Crash, snowflake  # noqa: F401
from test_enrichment import World, value

LIMIT = 12


class Life:
    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, random.Random(seed)
        self.account, self.rows, self.died = world.account, {}, 0

    def change(self) -> None:
        key = self.chance.randint(1, 8)
        text = self.chance.choice(["broken", *(f"text {n}" for n in range(6))])
        if key not in self.rows:
            self.world.add(**{f"r{key}": text})
        elif self.chance.random() < 0.2:
            self.account.run(f"DELETE FROM REVIEW WHERE review_id = {key}")
            del self.rows[key]
            return
        else:
            changed = f"review_text = '{text}', changed_at = SYSDATE()"
            self.account.run(f"UPDATE REVIEW SET {changed} WHERE review_id = {key}")
        self.rows[key] = text

    def run(self, task) -> None:  # noqa: ANN001
        """Runs a task; now and then it dies at one of its statements."""
        left = self.chance.randint(0, 60)

        def die(text: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Crash

        where = self.chance.choice(["before", "uncommitted"])
        setattr(self.account, where, die)
        try:
            task()
        except Crash:
            self.account.die()
            self.died += 1
        setattr(self.account, where, lambda text: None)

    def bought_today(self, before: Counter) -> int:
        return sum((self.world.bought() - before).values())


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_each_row_ends_with_its_result_and_each_day_within_its_limit(snowflake, seed):  # noqa: F811
    life = Life(World(snowflake, daily_limit=str(LIMIT), max_attempts="4"), seed)
    world, account = life.world, life.account
    for _ in range(5):
        before = world.bought()
        for _ in range(14):
            what = life.chance.random()
            if what < 0.5:
                life.change()
            elif what < 0.75:
                life.run(world.fill)
            else:
                life.run(world.buy)
            account.later(minutes=life.chance.choice([1, 20, 62]))
            if account.now.hour == 23:
                break
        assert life.bought_today(before) <= LIMIT
        account.now = account.now.replace(hour=0, minute=0, second=0)
        account.later(days=1)
    for _ in range(60):
        before = world.bought()
        world.both(2, minutes=61)
        assert life.bought_today(before) <= LIMIT
        account.later(hours=22)
        if not world.left():
            break
    assert life.died and world.left() == []
    newest = {row[0]: row for row in world.file("40_newest.view.sql")}
    assert set(newest) == set(life.rows)
    for key, text in life.rows.items():
        _, seen, result, error, attempts, _, current = newest[key]
        assert current and seen == text
        if text == "broken":
            # A row that was tried often enough when its statement died keeps what it had then.
            assert result is None and error in ("too long", "the lease ran out before an answer came")
            assert attempts == 4
        elif error is not None:
            assert error == "the lease ran out before an answer came" and attempts == 4
        else:
            assert json.loads(result) == value(text)
