"""call_intelligence and semantic_search, on calls that are made up, against the same in plain Python."""

import hashlib
import json
import math
import random
from datetime import UTC, datetime

import fake
import pytest
from fake import snowflake  # noqa: F401

FOLDER = "call_intelligence/"


def embed(model: str, text: str) -> list[float]:
    """A bag of letters: texts with the same words are near each other."""
    return [float(text.lower().count(letter)) + 0.1 for letter in "abcdefghijklmnopqrstuvwxyz"]


@pytest.fixture
def calls(snowflake):  # noqa: F811
    snowflake.function("AI_SENTIMENT", lambda text: json.dumps({"categories": [{"sentiment": mood(text)}]}), "JSON")
    snowflake.function("AI_COMPLETE", lambda model, prompt: f"{model}: {len(prompt)}")
    snowflake.function("AI_EMBED", embed, "DOUBLE[]")
    snowflake.tables("call_intelligence")
    snowflake.stream("CALL_LANDING_STREAM", "CALL_LANDING", "call_id")
    snowflake.stream("CALLS_STREAM", "CALLS", "call_id")
    return snowflake


def mood(text: str) -> str:
    return "negative" if "bad" in text else "positive"


def payload(call_id: str, turns: list, parties: dict | None = None, **meta: object) -> dict:
    parties = {"1": "Ann", "2": "Bob"} if parties is None else parties
    return {
        "metaData": {"id": call_id, "title": f"Call {call_id}", "started": "2026-03-01T10:00:00+02:00", "duration": 60}
        | meta,
        "parties": [{"speakerId": speaker, "name": name} for speaker, name in parties.items()],
        "transcript": [
            {
                "speakerId": speaker,
                "topic": None,
                "sentences": [
                    {"start": 1000 * n + 10 * m, "end": 1000 * n + 10 * m + 9, "text": text}
                    for m, text in enumerate(sentences)
                ],
            }
            for n, (speaker, sentences) in enumerate(turns)
        ],
    }


def land(account: fake.Snowflake, call: dict) -> str:
    digest = hashlib.sha256(json.dumps(call).encode()).hexdigest()
    account.put(
        "CALL_LANDING",
        call_id=call["metaData"]["id"],
        payload=call,
        payload_sha256=digest,
        fetched_at=account.now,
    )
    account.later(minutes=1)
    return digest


def run(account: fake.Snowflake) -> None:
    for task in ("21_stage_calls", "31_chunk_calls", "41_embed_chunks", "51_judge_calls"):
        account.file(f"{FOLDER}{task}.task.sql")


def chunks(call: dict) -> list[tuple]:
    """The chunks of a call, by the rule that the task states."""
    names = {party["speakerId"]: party["name"] for party in call["parties"]}
    begins, placed = 0, {}
    for turn in call["transcript"]:
        if not turn["sentences"]:
            continue
        name = names.get(turn["speakerId"], turn["speakerId"]) or "unknown"
        line = f"{name}: " + " ".join(sentence["text"] for sentence in turn["sentences"])
        start = min(sentence["start"] for sentence in turn["sentences"])
        end = max(sentence["end"] for sentence in turn["sentences"])
        for at in range(0, len(line), 998):
            piece = line[at : at + 998]
            placed.setdefault(begins // 1000, []).append((piece, start, end))
            begins += len(piece) + 1
    return [
        (n, "\n".join(p[0] for p in some), min(p[1] for p in some), max(p[2] for p in some))
        for n, (_, some) in enumerate(sorted(placed.items()), 1)
    ]


def stored(account: fake.Snowflake, call_id: str) -> list[tuple]:
    rows = account.rows(
        f"SELECT chunk_no, chunk_text, start_ms, end_ms FROM CALL_CHUNK WHERE call_id = '{call_id}' ORDER BY chunk_no"
    )
    return [(int(no), text, int(start), int(end)) for no, text, start, end in rows]


def test_the_newest_fetch_of_a_call_is_staged(calls):
    land(calls, payload("1", [("1", ["Hello."])], title="first"))
    newest = land(calls, payload("1", [("1", ["Hello again."])], title="second"))
    land(calls, payload("2", [("2", ["Hi."])], started="no time", duration=None))
    calls.file(f"{FOLDER}21_stage_calls.task.sql")
    rows = calls.rows("SELECT call_id, title, started_at, duration_seconds, payload_sha256 FROM CALLS ORDER BY call_id")
    assert rows[0] == ("1", "second", datetime(2026, 3, 1, 8, tzinfo=UTC), 60, newest)
    assert rows[1][:4] == ("2", "Call 2", None, None)
    # The stream is read up: the task changes nothing when it runs again.
    assert calls.file(f"{FOLDER}21_stage_calls.task.sql") == [(0,)]
    # An older fetch that comes late changes nothing.
    calls.now = fake.START
    land(calls, payload("1", [("1", ["Old."])], title="old"))
    calls.file(f"{FOLDER}21_stage_calls.task.sql")
    assert calls.rows("SELECT title FROM CALLS WHERE call_id = '1'") == [("second",)]


def test_chunks_are_consecutive_turns_of_at_most_2000_characters(calls):
    chance = random.Random(7)
    made = [
        payload("short", [("1", ["Hello.", "How are you?"]), ("2", ["Fine."]), ("9", ["Who am I?"]), ("1", [])]),
        payload("long", [("1", ["x" * 5000]), ("2", ["y" * 997]), ("1", ["z" * 998])]),
        payload("nobody", [("3", ["I have no name."])], parties={}),
    ]
    for n in range(12):
        turns = [
            (
                chance.choice("12"),
                [" ".join("word" for _ in range(chance.randint(1, 90))) for _ in range(chance.randint(0, 9))],
            )
            for _ in range(chance.randint(1, 30))
        ]
        made.append(payload(f"random {n}", turns))
    for call in made:
        land(calls, call)
    run(calls)
    for call in made:
        found = stored(calls, call["metaData"]["id"])
        assert found == chunks(call)
        assert all(0 < len(text) <= 2000 for _, text, _, _ in found)


def test_a_call_that_changes_gets_new_chunks_and_buys_only_new_texts(calls):
    turns = [("1", ["a" * 900]), ("2", ["b" * 900]), ("1", ["c" * 900])]
    land(calls, payload("1", turns))
    run(calls)
    before = calls.bought("AI_EMBED")
    assert before == len(stored(calls, "1"))
    shorter = payload("1", turns[:2])
    land(calls, shorter)
    run(calls)
    assert stored(calls, "1") == chunks(shorter)
    known = {text for _, text, _, _ in chunks(payload("1", turns))}
    new = [text for _, text, _, _ in chunks(shorter) if text not in known]
    assert calls.bought("AI_EMBED") == before + len(new)
    # Nothing new: nothing is bought.
    spent = sum(calls.calls.values())
    run(calls)
    assert sum(calls.calls.values()) == spent


def test_a_run_that_dies_between_chunks_leaves_the_old_ones_and_the_stream(calls):
    land(calls, payload("1", [("1", ["Hello."])]))
    run(calls)
    newer = payload("1", [("1", ["Goodbye."])])
    land(calls, newer)
    calls.file(f"{FOLDER}21_stage_calls.task.sql")

    def die(text: str) -> None:
        if text.lstrip().startswith("INSERT"):
            raise fake.Crash

    calls.before = die
    with pytest.raises(fake.Crash):
        calls.file(f"{FOLDER}31_chunk_calls.task.sql")
    calls.die()
    assert [text for _, text, _, _ in stored(calls, "1")] == ["Ann: Hello."]
    calls.before = lambda text: None
    run(calls)
    assert stored(calls, "1") == chunks(newer)


def test_the_view_joins_the_newest_that_is_known(calls):
    land(calls, payload("1", [("1", ["This is bad."])]))
    land(calls, payload("2", [("1", ["This is good."])]))
    run(calls)
    land(calls, payload("2", [("1", ["Now it is bad."])]))
    land(calls, payload("3", [("1", ["Just landed."])]))
    calls.file(f"{FOLDER}21_stage_calls.task.sql")
    view = {row[0]: row for row in calls.file(f"{FOLDER}60_call_newest.view.sql")}
    assert {key: (row[4], row[7], row[8], row[9]) for key, row in view.items()} == {
        "1": ("negative", True, 1, 1),
        "2": ("positive", False, 1, 1),
        "3": (None, False, 0, 0),
    }
    run(calls)
    view = {row[0]: (row[4], row[7]) for row in calls.file(f"{FOLDER}60_call_newest.view.sql")}
    assert view == {"1": ("negative", True), "2": ("negative", True), "3": ("positive", True)}
    assert calls.bought("AI_SENTIMENT") == calls.bought("AI_COMPLETE") == 4


def test_the_search_finds_the_nearest_chunks(calls):
    words = ["zebra zoo", "budget and discount", "contract renewal", "zebra", "quota of quarter"]
    for n, word in enumerate(words):
        land(calls, payload(str(n), [("1", [word])]))
    run(calls)
    question, most = "zebra zoo", 3
    body = fake.source("semantic_search/10_search_chunks.function.sql")
    body = body.replace("question)", f"{fake.literal(question)})").replace("<= most", f"<= {most}")
    found = calls.run(body)

    def similarity(a: list[float], b: list[float]) -> float:
        return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)

    texts = {str(n): f"Ann: {word}" for n, word in enumerate(words)}
    scores = {key: similarity(embed("", text), embed("", question)) for key, text in texts.items()}
    expected = sorted(scores, key=scores.get, reverse=True)
    assert sorted(row[0] for row in found) == sorted(expected[:most])
    for key, _, text, score in found:
        assert text == texts[key]
        assert math.isclose(score, scores[key], rel_tol=1e-6)
    # The question is embedded once, not once for each chunk.
    assert calls.calls[("AI_EMBED", "snowflake-arctic-embed-l-v2.0", question)] == 1


def test_the_search_service_reads_every_chunk_with_its_call(calls):
    made = payload("1", [("1", ["a" * 900]), ("2", ["b" * 900]), ("1", ["c" * 900])])
    land(calls, made)
    run(calls)
    found = calls.file("semantic_search/20_call_search.cortex_search.sql")
    assert sorted((int(row[2]), row[0]) for row in found) == [(no, text) for no, text, _, _ in chunks(made)]
    assert {(row[1], row[3]) for row in found} == {("1", "Call 1")}
