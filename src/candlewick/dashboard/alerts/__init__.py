"""Alerts that live in the server: evaluated on the tape by id, kept in a book, delivered once."""
