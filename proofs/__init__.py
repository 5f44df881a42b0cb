"""Proofs that anyone can run: real processes, a provider that fails and remembers what it billed, and `kill -9`.

    make prove-money            ten minutes, SQLite and PostgreSQL side by side
    make prove-money FAST=1     one minute, as the tests do it

A proof ends with one table and the exit status 0 when nothing was found, 1 otherwise.
"""
