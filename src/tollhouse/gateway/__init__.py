"""One request, in order: `answer` tells it, and each of its verbs is a file."""
