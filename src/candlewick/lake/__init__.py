"""The lake: objects of raw lines in a folder or S3, how they are named, and what they say of themselves."""
