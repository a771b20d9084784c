"""Live bars: from the recorder's feed to every viewer's socket."""
