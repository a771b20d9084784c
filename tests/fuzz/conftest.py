"""How hard the fuzzing tries: `CANDLEWICK_FUZZ_EXAMPLES=100000 pytest tests/fuzz` tries for long."""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("CANDLEWICK_FUZZ_EXAMPLES", "150"))

FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
    print_blob=True,
)
settings.register_profile("fuzz", FUZZ)


def pytest_collection_modifyitems(items):
    """Use the profile for the tests of this folder, and for no others."""
    for item in items:
        inner = getattr(item.obj, "hypothesis", None)
        if inner is not None and "tests/fuzz" in str(item.path):
            item.obj._hypothesis_internal_use_settings = FUZZ
