"""Every file is understood: by sqlglot's Snowflake, and where it is a block, statement by statement."""

import json
import re

import fake
import pytest
import scripting
import sqlglot
from sqlglot import exp

EXAMPLES = json.loads((fake.LIBRARY / "enrichment" / "examples.json").read_text())
FILES = [str(path.relative_to(fake.LIBRARY)) for path in fake.files()]
KINDS = {
    "table", "view", "stream", "stage", "file_format", "task", "procedure", "function", "dynamic_table",
    "cortex_search", "row_access_policy", "masking_policy", "condition", "action", "query",
}  # fmt: skip
# What sqlglot 30 keeps as text. CREATE STREAM is held to its grammar below, CALL to four arguments where it is run.
AS_TEXT = re.compile(r"CREATE STREAM IF NOT EXISTS \w+ ON TABLE \w+( APPEND_ONLY = TRUE)?( SHOW_INITIAL_ROWS = TRUE)?|CALL [\w$]+\(.*\)", re.DOTALL)
CONTROL = re.compile(r"BEGIN TRANSACTION|COMMIT|ROLLBACK", re.IGNORECASE)


def parts(name: str, values: dict) -> list[str]:
    text = fake.source(name, **values)
    if fake.is_block(text):
        return [part for part in scripting.statements(scripting.read(text)) if not CONTROL.fullmatch(part)]
    bare = re.sub(r"^\s*--[^\n]*\n", "", text, flags=re.MULTILINE).strip()
    return [f"SELECT {bare}" if name.endswith("_policy.sql") else bare]


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_one_statement_or_one_block_of_statements(name):
    assert fake.kind(fake.LIBRARY / name) in KINDS
    for values in EXAMPLES.values() if name.startswith("enrichment/") else [{}]:
        for part in parts(name, values):
            assert ";" not in re.sub(r"'[^']*'", "", part)
            (tree,) = sqlglot.parse(scripting.into(part)[0], read="snowflake")
            if isinstance(tree, exp.Command):
                assert AS_TEXT.fullmatch(part), part


@pytest.mark.parametrize("name", FILES)
def test_a_file_begins_with_what_it_is_and_its_page(name):
    first, second, *_ = (fake.LIBRARY / name).read_text().splitlines()
    assert first.startswith("-- ") and first.endswith(".")
    assert re.fullmatch(r"-- https://docs\.snowflake\.com/en/[a-z0-9/_-]+", second)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_names_each_placeholder_and_no_other(example):
    used = set()
    for path in fake.files("enrichment"):
        used |= set(re.findall(r"\{\{(\w+)\}\}", path.read_text()))
    assert used == set(EXAMPLES[example])


def rest_of_call(text: str) -> str:
    """What comes after the call that a text begins with."""
    depth = 0
    for n, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == ")" and depth == 0:
            return text[n + 1 :]
    raise ValueError(text)


def test_no_part_is_taken_of_a_call_of_an_ai_function():
    """Its answer goes into a column as it is: who takes a part of it takes a second one soon, and pays twice."""
    for name in FILES:
        for part in parts(name, EXAMPLES["sentiment"]) if name.startswith("enrichment/") else parts(name, {}):
            for call in re.finditer(r"\bAI_[A-Z]+\(", part):
                after = rest_of_call(part[call.start() :]).removeprefix("::VARIANT")
                assert not after.startswith((":", "[", ".")), f"{name}: {part[call.start() :][:60]}"


@pytest.mark.parametrize("folder", sorted({name.split("/")[0] for name in FILES}))
def test_the_readme_of_a_folder_names_each_file(folder):
    text = (fake.LIBRARY / folder / "README.md").read_text()
    missing = [path.name for path in fake.files(folder) if path.name not in text]
    assert not missing
    for heading in ("Cost", "Privileges"):
        assert f"**{heading}**" in text


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("BEGIN LET a := 1 END", "expected"),
        ("BEGIN WHILE (TRUE) DO BREAK; END WHILE; END", "WHILE"),
        ("BEGIN IF (TRUE) THEN BREAK; END; END", "IF"),
        ("BEGIN RETURN 1; END SELECT 1", "after the block"),
    ],
)
def test_a_block_that_is_wrong_or_not_known_is_refused(text, error):
    with pytest.raises(scripting.ScriptError, match=error):
        scripting.read(text)
