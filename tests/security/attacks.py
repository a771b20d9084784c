"""Statements that once held a place, the memory or the parser of a dashboard, and many more of their kind."""

import random
from collections.abc import Iterator

BOMB = "with " + ", ".join(
    ["c0 as (select repeat('x', 1000) as s)"]
    + [f"c{n} as (select repeat(s, 8) as s from c{n - 1})" for n in range(1, 12)]
) + " select length(s) from c11"  # fmt: skip
"""A kilobyte of text that the planner folds into gigabytes."""

KNOWN = (
    BOMB,
    "select levenshtein(repeat('a', 130000), repeat('b', 130000))",
    "select printf('%1000000000d', 1)",
    "select format('{:>1000000000}', 1)",
    "select sum(sqrt(i)) from range(1000000000000) numbers(i)",
    "select list(i::varchar || repeat('x', 100)) from range(30000000) numbers(i)",
    "select count(*) from range(1000000) a, range(1000000) b where a.range + b.range = -1",
    "select " + "(" * 9_000 + "1" + ")" * 9_000,
    "with recursive r as (select 1 as n union all select n + 1 from r) select count(*) from r",
    "select regexp_matches(repeat('a', 50000000), '(a+)+b')",
)
"""What an attack found, and what it would have tried next."""

_FUNCTIONS = (
    "levenshtein(repeat('a', {n}), repeat('b', {n}))",
    "damerau_levenshtein(repeat('a', {n}), repeat('b', {n}))",
    "jaccard(repeat('a', {n}0), repeat('b', {n}0))",
    "jaro_winkler_similarity(repeat('a', {n}), repeat('b', {n}))",
    "repeat('x', {n}000)",
    "lpad('x', {n}000, 'y')",
    "rpad('x', {n}000, 'y')",
    "printf('%{n}000d', 1)",
    "bitstring('1', {n}000)",
    "range({n}00)",
    "generate_series(1, {n}00)",
    "list_sort(range({n}0))",
    "list_distinct(range({n}0))",
    "array_to_string(range({n}0), ',')",
    "reverse(repeat('x', {n}000))",
    "md5(repeat('x', {n}000))",
    "replace(repeat('x', {n}0), 'x', repeat('y', 1000))",
    "string_split(repeat('x,', {n}00), ',')",
    "regexp_replace(repeat('ab', {n}0), '(a|b)*', 'c', 'g')",
    "from_base64(repeat('AAAA', {n}00))",
)
_SHAPES = (
    "select {f}",
    "select length({f}::varchar) from range({m})",
    "select max(x) from (select {f} as x from range({m}))",
    "with a as (select {f} as x), b as (select x, x as y from a) select * from b, range({m})",
    "select {f} from range({m}) order by 1",
)


def generated(count: int, seed: int) -> Iterator[str]:
    """Yield as many statements, each some function of a great argument in some shape; the same ones for a seed."""
    rng = random.Random(seed)
    for _ in range(count):
        function = rng.choice(_FUNCTIONS).format(n=rng.choice([1_000, 30_000, 130_000, 1_000_000]))
        yield rng.choice(_SHAPES).format(f=function, m=rng.choice([1, 500, 100_000, 10_000_000]))
