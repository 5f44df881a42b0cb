"""/api/…: people, secrets, budgets, reports. Comfortable, heavy, and imported when it is first asked for."""
