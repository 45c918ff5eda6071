"""The project's own handwriting and the demo made with it."""
