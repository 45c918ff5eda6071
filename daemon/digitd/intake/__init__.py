"""How files come in and where they go afterwards: listing, settling, claiming, archiving. The listing is the truth."""
