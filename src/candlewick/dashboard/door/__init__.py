"""The door: who a visitor is, what they may do, and what is remembered of it."""
