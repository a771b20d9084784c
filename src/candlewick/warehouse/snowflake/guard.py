"""Pure: what of a visitor's text goes to Snowflake. Exactly what was checked is what is sent.

A statement that begins as a SELECT may hold others in Snowflake: behind `->>`, or in a procedure of its own. So the
text is read once, by the rules by which Snowflake tells literals and comments from the rest. Every comment becomes a
space, and the outcome is both what is checked and what is sent: nothing is left that the two could read differently.
That the session can do no more than read is its role's doing; this is the fence before it.
"""

import re
import unicodedata
from collections.abc import Iterator

from candlewick.errors import QueryRefusedError

_READS = ("select", "with", "(")
_PIECES = re.compile(
    r"""
    (?P<text>'(?:[^'\\]|''|\\.)*')                 # a literal; a backslash escapes in it
    | (?P<name>"(?:[^"]|"")*")                     # a quoted name
    | (?P<comment>--[^\n]* | //[^\n]* | /\*.*?\*/)
    | (?P<open>['"] | /\*)                         # what has no end
    | (?P<code>[^'"/-]+ | [/-])
    """,
    re.VERBOSE | re.DOTALL,
)
_PAID = re.compile(r"\b(?:cortex|ai_\w+|snowflake)\b", re.IGNORECASE)
_OF_CORTEX = (
    r"\b(?:try_)?(?:complete|summarize|translate|sentiment|entity_sentiment|extract_answer|classify_text|count_tokens"
    r"|embed_text_\d+|parse_document|split_text_\w+|search_preview|finetune)\s*\("
)
_OF_OTHERS = r"\b(?:result_scan|last_query_id|information_schema\s*\.\s*\w+)\s*\("
_REFUSED = (
    (re.compile(r"->>"), "`->>`, which runs another statement"),
    (re.compile(r"\b(?:procedure|call|execute|begin|declare)\b", re.IGNORECASE), "a procedure, which runs others"),
    (re.compile(r"\$\$|[@;]"), "`$$`, `@` and `;`, which read programs, files and further statements"),
    (re.compile(r"\bsystem\s*\$", re.IGNORECASE), "functions of SYSTEM$"),
    (re.compile(r"\bidentifier\s*\(", re.IGNORECASE), "names that are made of text (IDENTIFIER)"),
    (_PAID, "Cortex, AI functions and the SNOWFLAKE database"),
    (re.compile(_OF_CORTEX, re.IGNORECASE), "functions of Cortex, which are billed by the token"),
    (re.compile(_OF_OTHERS, re.IGNORECASE), "what other visitors asked and got: results and histories of statements"),
    (re.compile(r'""\s*\('), "functions whose names are quoted"),
)
"""What is refused outside of literals, and what it is called. All visitors are one user of the account: a result, or a
history of statements, would be everybody's. An account may set Cortex's functions to be found without their schema."""


def guarded(text: str) -> str:
    """Return the one SELECT in a text, as it is to be sent. Raises `QueryRefusedError`."""
    plain = _checked_letters(text.replace("\r\n", "\n"))
    pieces = list(_pieces(plain))
    statement = "".join(piece for _, piece in pieces).strip().rstrip(";").strip()
    code = _outside_of_literals(pieces).strip().rstrip(";").strip()
    if not code:
        raise QueryRefusedError("expected one statement, got 0")
    if ";" in code:
        raise QueryRefusedError(
            f"expected one statement, got {len([part for part in code.split(';') if part.strip()])}"
        )
    if not code.lower().startswith(_READS):
        raise QueryRefusedError(
            f"expected a SELECT, got {code.split(maxsplit=1)[0].upper()[:40]}: it is read only here"
        )
    for pattern, what in _REFUSED:
        if pattern.search(code):
            raise QueryRefusedError(f"expected a SELECT over SILVER and GOLD; here it may not use {what}")
    return statement


def _checked_letters(text: str) -> str:
    """The text, where no letter is one that cannot be seen: some end a line for one reader and not for another."""
    for letter in text:
        if letter not in "\n\t" and unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            raise QueryRefusedError(f"expected text without control characters, got U+{ord(letter):04X}")
    return text


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """The text piece by piece with the kind of each, comments as a space. Raises `QueryRefusedError`."""
    for match in _PIECES.finditer(text):
        kind = match.lastgroup or ""
        if kind == "open":
            raise QueryRefusedError(f"expected an end of what {match.group()} begins, at character {match.start() + 1}")
        yield kind, " " if kind == "comment" else match.group()


def _outside_of_literals(pieces: list[tuple[str, str]]) -> str:
    """The statement with literals and quoted names empty; but `"SNOWFLAKE"` is that database, too."""
    return "".join(_emptied(kind, piece) for kind, piece in pieces)


def _emptied(kind: str, piece: str) -> str:
    if kind == "text":
        return "''"
    if kind == "name":
        return f" {piece[1:-1]} " if _PAID.search(piece) else '""'
    return piece
