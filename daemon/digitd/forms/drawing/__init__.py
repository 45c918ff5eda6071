"""Printable forms: a description in TOML becomes a PDF with corner markers, and a template with exact boxes."""
