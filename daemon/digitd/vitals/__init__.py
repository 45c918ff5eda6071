"""How the service is, told to systemd and over HTTP. Knows nothing of what the service does."""
