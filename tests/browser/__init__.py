"""The dashboard in a real browser. A package, so that its modules share one demo."""
