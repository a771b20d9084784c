"""Fixtures of the tape and its recorder: an exchange of their own, a lake, and how to wait."""

from peers.tape_server import lake, no_waiting, synthetic, tape, until

__all__ = ["lake", "no_waiting", "synthetic", "tape", "until"]
