"""How to say it: wire formats, in and out, and nothing else. Pure."""
