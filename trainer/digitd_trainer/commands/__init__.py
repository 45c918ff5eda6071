"""`digitd train` and what is under it: each command opens the library, calls it, and prints."""
