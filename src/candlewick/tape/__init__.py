"""What of the tape is ours, and how what is missing gets in."""
