"""Columns of users' own tables that a model fills: generated texts and values, and vectors.

The path of a value
-------------------

A program changes a row. In the same transaction the kit of its ORM (`tollhouse.orm`, `tollhouse.contrib.django`) writes
down, for each column that is made of what changed (`order`), that it is to be filled: one row of `ai_field_state` per
row and column, which is outbox, state and failed list in one. Nothing is called there, and what is rolled back never
was.

A *worker* takes such rows under a lease, renewed while it lives. What is already made of the same content
(`content.fingerprint`) is left as it is; the rest is asked for by its `Sender`, outside of any transaction, and words
under an idempotency key of that content, so that after a worker was killed they are not paid twice. The value is then
put into its row only if neither the content nor the wish for it has changed meanwhile; else it is asked for anew.

This room knows no ORM and no database: they are behind `Shelf`.
"""
