"""What is said: how it is kept and shown, what of it still fits, and how a model is asked. Nothing here waits."""
