"""What processes tell one another through Redis or Valkey, where the operator names one.

Kept answers lie there, and what callers have used of their limits in the last minute. No cent does, and nothing that
would be missed: all of it may be gone at any moment. `link.Link` is the one connection of a process, mended when it
breaks; nobody who asks waits longer than they say.
"""
