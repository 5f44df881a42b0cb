"""Tells somebody what is worth telling: exactly once noticed, at least once delivered.

`watch` looks for it and writes it down as an alert, with a delivery for each target that wants it, in one transaction.
`alerts` is the outbox: it takes what is due, sends it through a channel (`webhook`, `chat`, `email`), and writes down
what came of it. `events` knows the words, for machines and for people.
"""
