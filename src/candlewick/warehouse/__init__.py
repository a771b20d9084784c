"""The warehouse: loads the lake's objects, runs the models on them, publishes the mart."""
