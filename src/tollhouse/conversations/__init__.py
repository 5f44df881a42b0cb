"""Memory around the gateway: conversations, their turns, and what of them a model is told again."""
