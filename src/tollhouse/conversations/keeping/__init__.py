"""Conversations as they lie in the store: made, listed, changed, gone on with, searched, taken along."""
