"""One turn after another: a question is written, taken by whoever executes it, answered, and followed to its end."""
