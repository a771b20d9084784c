"""Python's bytecode, as an installer leaves it: a start that compiles what it imports is not what a user has."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def compiled(*imports: str) -> Iterator[None]:
    """Have the processes that are started meanwhile find what these statements import compiled."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        for statement in imports:
            subprocess.run([sys.executable, "-c", statement], check=True)
        try:
            yield
        finally:
            del os.environ["PYTHONPYCACHEPREFIX"]
