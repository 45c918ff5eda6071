"""Templates: their file format and the folder they live in."""
