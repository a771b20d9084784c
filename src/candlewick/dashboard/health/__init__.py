"""What the Pipeline page says of every hop."""
