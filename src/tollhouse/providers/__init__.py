"""Where to talk, and who we are, as data: a file for each provider. Pure."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from tollhouse.providers.base import Provider

_NOT_A_PROVIDER = frozenset({"base", "declared", "wording"})


def builtin() -> dict[str, Provider]:
    """Every provider of this folder, and those that other packages announce as `tollhouse.providers`, by name.

    A package of its own is the same one file, and this in its `pyproject.toml`:

        [project.entry-points."tollhouse.providers"]
        acme = "tollhouse_acme:PROVIDER"

    Raises:
        TypeError: an announced object is not a `Provider`.
        ValueError: two providers have one name.
    """
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name not in _NOT_A_PROVIDER]
    providers = [import_module(f"{__name__}.{name}").PROVIDER for name in names]
    providers += [_announced(entry) for entry in entry_points(group="tollhouse.providers")]
    found: dict[str, Provider] = {}
    for provider in providers:
        if provider.name in found:
            raise ValueError(f"two providers are named {provider.name!r}; uninstall one of them")
        found[provider.name] = provider
    return found


def _announced(entry: EntryPoint) -> Provider:
    provider = entry.load()
    if not isinstance(provider, Provider):
        raise TypeError(f"{entry.value}, announced as a provider named {entry.name!r}, is not a Provider")
    return provider
