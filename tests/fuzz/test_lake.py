"""Objects, manifests and names, of whatever bytes: whole and as they were written, or an error of ours."""

from hypothesis import given
from hypothesis import strategies as st

from candlewick.errors import MalformedFrameError, TornObjectError
from candlewick.lake import manifest as manifests
from candlewick.lake import names
from candlewick.lake.manifest import Extent, HistoryMark, Manifest
from candlewick.lake.objects import pack, unpack
from candlewick.spans import Spans
from fuzz.mutants import changed_fields, dumped, json_values, mutated, nested

NAME = names.stream("demo", "r1", 1_769_261_320_123_456)
LINES = [b'{"e":"trade","s":"BTCDEMO","t":%d}' % trade_id for trade_id in range(1, 30)]
MANIFEST = Manifest(
    recorder="r1",
    seq=7,
    prev=NAME,
    created=1,
    lines=len(LINES),
    spans={"BTCDEMO": Extent(1, 29, 29, [(1, 29)])},
    covered={"BTCDEMO": [(1, 29)]},
    declared={"BTCDEMO": [(30, 31)]},
    minutes={"BTCDEMO": [(5, 9)]},
    history={"BTCDEMO": HistoryMark(1, 2, 3, 4)},
)
OBJECT = pack(LINES, MANIFEST)
SAID = manifests._DECODER.decode(manifests.encode(MANIFEST))
FIELDS = {"e": "manifest", "v": 1, "recorder": "r1", "seq": 7, "prev": None, "created": 1, "lines": 1} | {
    "spans": {"BTCDEMO": {"first": 1, "last": 2, "count": 2, "ranges": [[1, 2]]}},
    "covered": {"BTCDEMO": [[1, 2]]},
}


@given(mutated(st.just(OBJECT)) | st.binary(max_size=300))
def test_an_object_is_what_was_written_or_torn(content):
    try:
        found = unpack(NAME, content)
    except TornObjectError as error:
        assert NAME in str(error)
        return
    assert (found.lines, found.manifest) == (LINES, SAID)


@given(dumped(changed_fields(FIELDS)) | mutated(dumped(st.just(FIELDS))) | dumped(json_values) | nested)
def test_a_manifest_is_read_or_refused_and_its_spans_are_sets(line):
    try:
        manifest = manifests.decode(line)
    except MalformedFrameError:
        return
    assert manifests.decode(manifests.encode(manifest)) == manifest
    for ranges in manifest.covered.values():
        spans = Spans(ranges)
        assert spans.count == sum(last - first + 1 for first, last in spans)


@given(st.text(max_size=120) | mutated(st.just(NAME.encode())).map(lambda name: name.decode(errors="replace")))
def test_a_name_is_read_or_foreign(name):
    parsed = names.parse(name)
    assert parsed is None or parsed.recorder
