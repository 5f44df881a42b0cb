"""Where a model stands among Google's resources."""

from __future__ import annotations

from urllib.parse import quote

_COLLECTIONS = ("models", "tunedModels")


def address_of(model: str) -> bytes:
    """The model's path below the base URL; what is done with it is added behind a colon."""
    collection, _, name = model.rpartition("/")
    if collection not in _COLLECTIONS:
        collection, name = _COLLECTIONS[0], model
    return f"/{collection}/{quote(name, safe='')}".encode()
