"""What people keep in the server: a file for each user, of bounded size."""
