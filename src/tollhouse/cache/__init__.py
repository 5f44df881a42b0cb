"""Answers that are given again: to whom, for how long, and where they are kept meanwhile."""
