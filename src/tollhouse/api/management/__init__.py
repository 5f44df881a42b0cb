"""/api/…: people, secrets, budgets, reports, alerts. Comfortable, heavy, and imported when it is first asked for."""
