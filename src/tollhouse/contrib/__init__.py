"""Kits for frameworks, which are installed by who uses them."""
