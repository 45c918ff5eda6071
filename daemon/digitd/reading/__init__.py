"""The eight stages, as pure functions on arrays and records."""
