"""What each process of Candlewick does, whichever it is: logs, heartbeats, local files, named crash points."""
