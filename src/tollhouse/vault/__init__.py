"""Seals and opens providers' credentials; what is sealed is bound to its row.

A credential is encrypted with a data key of its own (AES-256-GCM), and the data key with the master key. Both layers
authenticate the `Binding`: workspace, user, credential, provider, origin and field. So a copied row, another provider
or another base URL makes the secret unreadable, by design, and rotating the master key rewrites only the data keys.

Python cannot wipe memory: a `Secret` keeps its text out of logs, errors, job payloads and dumps of values, not out of
a core dump. Open a credential as late as possible, and keep it no longer than the call.
"""

from tollhouse.vault.envelope import Binding, Sealed, Vault, kid_of, last4
from tollhouse.vault.key_file import VARIABLE as KEY_VARIABLE
from tollhouse.vault.key_file import KeyFile, load_ring
from tollhouse.vault.key_ring import KeyRing, read_ring, write_ring
from tollhouse.vault.secret import Secret

__all__ = [
    "KEY_VARIABLE",
    "Binding",
    "KeyFile",
    "KeyRing",
    "Sealed",
    "Secret",
    "Vault",
    "kid_of",
    "last4",
    "load_ring",
    "read_ring",
    "write_ring",
]
