"""Verification: which fields a person sees, in what order, and how they key them."""
