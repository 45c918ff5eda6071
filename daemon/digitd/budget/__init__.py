"""The budget: how sure a field must be to pass untouched, so that a promise on errors holds. No SQL, no click."""
