"""The desk in a browser: screens over the queue that the terminal has too, and the API that they use."""
