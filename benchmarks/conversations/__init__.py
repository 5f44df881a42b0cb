"""Ten thousand conversations of two hundred messages: to list, open, search and go on with."""
