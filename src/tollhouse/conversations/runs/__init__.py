"""Runs that this process executes, and what they tell, written down on its way."""
