"""Guards: what they look for in what is asked and answered, and what they think of it. None is a security boundary."""
