"""Proofs that anyone can run: `kill -9` and failing providers for the money, damaged bodies for what reads them.

    make prove-money            ten minutes, SQLite and PostgreSQL side by side
    make prove-money FAST=1     one minute, as the tests do it
    make prove-clients          SDKs, kits and agents that others made, over each dialect of providers
    make fuzz                   ten minutes of damage to all that is read; the tests do five seconds of it

A proof ends with one table and the exit status 0 when nothing was found, 1 otherwise.
"""
