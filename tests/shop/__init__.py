"""A Django app for the tests: a shop, whose products have columns that a model fills."""
