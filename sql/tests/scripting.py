"""Reads and runs the blocks of Snowflake Scripting that the files of this library are written in.

It knows what they use, and refuses everything else: declarations, assignments, IF, FOR over numbers and cursors, BREAK,
RETURN, nested blocks with EXCEPTION WHEN OTHER, SELECT … INTO, EXECUTE IMMEDIATE and SQL statements with :variables.
https://docs.snowflake.com/en/developer-guide/snowflake-scripting/index
"""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"(?P<space>\s+|--[^\n]*|/\*.*?\*/)|(?P<string>'(?:[^'\\]|''|\\.)*'|\$\$.*?\$\$)|(?P<name>\"(?:[^\"]|\"\")*\")"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_$]*)|(?P<sign>:=|::|=>|.)",
    re.S,
)


class ScriptError(Exception):
    """A block that is not understood."""


@dataclass
class Token:
    kind: str
    text: str
    start: int
    end: int

    @property
    def upper(self) -> str:
        return self.text.upper() if self.kind == "word" else self.text


def tokens(text: str) -> list[Token]:
    """The tokens of a text without space and comments."""
    found = [Token(m.lastgroup, m.group(), m.start(), m.end()) for m in TOKEN.finditer(text)]
    return [token for token in found if token.kind != "space"]


@dataclass
class Sql:
    text: str


@dataclass
class Assign:
    name: str
    value: str


@dataclass
class If:
    branches: list


@dataclass
class For:
    name: str
    cursor: str | None
    first: str
    last: str
    body: list


@dataclass
class Block:
    declared: dict
    cursors: dict
    body: list
    handler: list | None


@dataclass
class Return:
    value: str


@dataclass
class Immediate:
    value: str


@dataclass
class Break:
    pass


@dataclass
class Raise:
    pass


@dataclass
class Reader:
    """Makes a tree of a block."""

    text: str
    all: list[Token] = field(default_factory=list)
    at: int = 0

    def __post_init__(self) -> None:
        self.all = tokens(self.text)

    def peek(self, ahead: int = 0) -> str:
        return self.all[self.at + ahead].upper if self.at + ahead < len(self.all) else ""

    def take(self, *expected: str) -> str:
        found = self.peek()
        if not found or (expected and found not in expected):
            raise ScriptError(f"expected {' or '.join(expected)}, found {found or 'the end'}")
        self.at += 1
        return self.all[self.at - 1].text

    def until(self, *ends: str) -> str:
        """The text up to one of these tokens, outside of brackets; takes that token, too."""
        first, depth = self.at, 0
        while self.peek() and not (depth == 0 and self.peek() in ends):
            depth += {"(": 1, ")": -1}.get(self.peek(), 0)
            self.at += 1
        if not self.peek() or first == self.at:
            raise ScriptError(f"expected something and then {' or '.join(ends)}")
        found = self.text[self.all[first].start : self.all[self.at - 1].end]
        self.at += 1
        return found

    def block(self) -> Block:
        declared, cursors = {}, {}
        if self.peek() == "DECLARE":
            self.take()
            while self.peek() != "BEGIN":
                name, rest = self.take().upper(), self.until(";")
                if found := re.fullmatch(r"CURSOR\s+FOR\s+(.*)", rest, re.S | re.I):
                    cursors[name] = found[1]
                else:
                    default = re.split(r"\s+DEFAULT\s+|\s*:=\s*", rest, maxsplit=1, flags=re.I)
                    declared[name] = default[1] if len(default) == 2 else "NULL"
        self.take("BEGIN")
        body = self.body("END", "EXCEPTION")
        handler = None
        if self.peek() == "EXCEPTION":
            for word in ("EXCEPTION", "WHEN", "OTHER", "THEN"):
                self.take(word)
            handler = self.body("END")
        self.take("END")
        if self.peek() == ";":
            self.take()
        return Block(declared, cursors, body, handler)

    def body(self, *ends: str) -> list:
        found = []
        while self.peek() not in ends:
            found.append(self.statement())
        return found

    def statement(self):  # noqa: ANN201
        word, next_word = self.peek(), self.peek(1)
        if word == "DECLARE" or (word == "BEGIN" and next_word not in ("TRANSACTION", ";")):
            return self.block()
        if word == "IF":
            return self.condition()
        if word == "FOR":
            return self.loop()
        if word == "LET" or next_word == ":=":
            if word == "LET":
                self.take()
            name = self.take().upper()
            if self.peek() == ":=":
                self.take()
            else:
                self.until(":=")
            return Assign(name, self.until(";"))
        if word in ("RETURN", "BREAK", "RAISE"):
            self.take()
            if word == "RETURN":
                return Return(self.until(";"))
            self.take(";")
            return Break() if word == "BREAK" else Raise()
        if word == "EXECUTE" and next_word == "IMMEDIATE":
            self.take()
            self.take()
            return Immediate(self.until(";"))
        if word in ("WHILE", "LOOP", "REPEAT", "CASE", "OPEN", "FETCH", "AWAIT"):
            raise ScriptError(f"{word} is not understood here")
        return Sql(self.until(";"))

    def condition(self) -> If:
        branches = []
        self.take("IF")
        while True:
            branches.append((self.until("THEN"), self.body("ELSEIF", "ELSE", "END")))
            if self.peek() != "ELSEIF":
                break
            self.take()
        if self.peek() == "ELSE":
            self.take()
            branches.append(("TRUE", self.body("END")))
        for word in ("END", "IF", ";"):
            self.take(word)
        return If(branches)

    def loop(self) -> For:
        self.take("FOR")
        name = self.take().upper()
        self.take("IN")
        if self.peek(1) == "DO":
            cursor, first, last = self.take().upper(), "", ""
            self.take("DO")
        else:
            cursor, first, last = None, self.until("TO"), self.until("DO")
        body = self.body("END")
        for word in ("END", "FOR", ";"):
            self.take(word)
        return For(name, cursor, first, last, body)


def read(text: str) -> Block:
    """The tree of a block."""
    reader = Reader(text)
    found = reader.block()
    if reader.peek():
        raise ScriptError(f"what comes after the block? {reader.peek()}")
    return found


def statements(tree) -> list[str]:  # noqa: ANN001
    """Every SQL statement and query that is written in a block, in order."""
    if isinstance(tree, Sql):
        return [tree.text]
    if isinstance(tree, Block):
        inner = [*tree.body, *(tree.handler or [])]
        return [*tree.cursors.values(), *(text for part in inner for text in statements(part))]
    if isinstance(tree, For):
        return [text for part in tree.body for text in statements(part)]
    if isinstance(tree, If):
        return [text for _, body in tree.branches for part in body for text in statements(part)]
    return []


def into(text: str) -> tuple[str, list[str]]:
    """A SELECT without its INTO, and the variables that INTO names."""
    found = tokens(text)
    if not found or found[0].upper not in ("SELECT", "WITH"):
        return text, []
    for n, token in enumerate(found):
        if token.upper == "INTO":
            names, end = [], n + 1
            while found[end].text == ":":
                names.append(found[end + 1].upper)
                end += 2
                if end < len(found) and found[end].text == ",":
                    end += 1
                else:
                    break
            last = found[end].start if end < len(found) else len(text)
            return text[: token.start] + text[last:], names
    return text, []


class _Leave(Exception):
    pass


class _Answer(Exception):
    pass


class Run:
    """Runs a block: `execute(text)` runs one statement and gives its rows, `literal(name, value)` writes a value."""

    def __init__(self, execute, literal) -> None:  # noqa: ANN001
        self.execute, self.literal = execute, literal
        self.values = {"SQLROWCOUNT": None, "SQLERRM": None}
        self.cursors = {}

    def run(self, text: str, **arguments):  # noqa: ANN003, ANN201
        self.values.update({name.upper(): value for name, value in arguments.items()})
        try:
            self.step(read(text))
        except _Answer as answer:
            return answer.args[0]
        return None

    def bound(self, text: str, *, bare: bool) -> str:
        """The text with values for its variables; `bare`: also for those without a colon, as in expressions."""
        found, parts, at = tokens(text), [], 0
        for n, token in enumerate(found):
            before = found[n - 1] if n else None
            colon = before is not None and before.text == ":" and before.end == token.start
            colon = colon and not (n > 1 and found[n - 2].end == before.start and found[n - 2].kind in ("word", "name"))
            dotted = before is not None and before.text == "."
            if token.kind != "word" or not (colon or (bare and not dotted)):
                continue
            name, end = token.upper, token.end
            value = self.values.get(name)
            if isinstance(value, dict) and n + 2 < len(found) and found[n + 1].text == ".":
                value, end = value[found[n + 2].upper], found[n + 2].end
                name = f"{name}_{found[n + 2].upper}"
            elif name not in self.values:
                if colon:
                    raise ScriptError(f"no variable {name}")
                continue
            parts += [text[at : before.start if colon else token.start], self.literal(name, value)]
            at = end
        return "".join(parts) + text[at:]

    def value(self, expression: str):  # noqa: ANN201
        name = expression.strip().upper()
        if name in self.values:
            return self.values[name]
        return self.execute(f"SELECT {self.bound(expression, bare=True)}")[0][0]

    def sql(self, text: str) -> list:
        text, names = into(text)
        rows = self.execute(self.bound(text, bare=False))
        if names:
            self.values.update(zip(names, rows[0] if rows else [None] * len(names), strict=True))
        verb = tokens(text)[0].upper
        if verb in ("INSERT", "UPDATE", "DELETE", "MERGE"):
            self.values["SQLROWCOUNT"] = int(sum(rows[0]) if verb == "MERGE" else rows[0][0])
        return rows

    def step(self, part) -> None:  # noqa: ANN001
        if isinstance(part, Block):
            self.block(part)
        elif isinstance(part, Sql):
            self.sql(part.text)
        elif isinstance(part, Assign):
            self.values[part.name] = self.value(part.value)
        elif isinstance(part, If):
            for condition, body in part.branches:
                if self.value(condition):
                    return self.steps(body)
        elif isinstance(part, For):
            self.loop(part)
        elif isinstance(part, Immediate):
            self.execute(self.value(part.value))
        elif isinstance(part, Return):
            raise _Answer(self.value(part.value))
        elif isinstance(part, Break):
            raise _Leave
        elif isinstance(part, Raise):
            raise self.problem

    def steps(self, body: list) -> None:
        for part in body:
            self.step(part)

    def block(self, block: Block) -> None:
        self.cursors.update(block.cursors)
        for name, default in block.declared.items():
            self.values[name] = self.value(default)
        try:
            self.steps(block.body)
        except (_Leave, _Answer, ScriptError):
            raise
        except Exception as problem:
            if block.handler is None:
                raise
            self.values["SQLERRM"], self.problem = str(problem), problem
            self.steps(block.handler)

    def loop(self, loop: For) -> None:
        if loop.cursor:
            names = []
            rows = self.execute(self.bound(self.cursors[loop.cursor], bare=False), names)
            items = [dict(zip(names, row, strict=True)) for row in rows]
        else:
            items = range(int(self.value(loop.first)), int(self.value(loop.last)) + 1)
        for item in items:
            self.values[loop.name] = item
            try:
                self.steps(loop.body)
            except _Leave:
                break
