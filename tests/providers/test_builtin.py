"""Providers of other packages are found beside ours."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tollhouse.providers import builtin

MODULE = """
from tollhouse.dialects import openai_chat
from tollhouse.providers.base import Provider

PROVIDER = Provider(name="{name}", dialect=openai_chat, base_url="https://api.example.com/v1")
"""


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, module: str, name: str, attribute: str = "PROVIDER"
) -> None:
    """Lay a package with an entry point where Python looks for them."""
    (folder / f"{module}.py").write_text(MODULE.format(name=name))
    metadata = folder / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[tollhouse.providers]\n{name} = {module}:{attribute}\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, module, raising=False)


def test_a_package_announces_a_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, module="tollhouse_test_acme", name="acme")
    assert builtin()["acme"].base_url == "https://api.example.com/v1"


def test_two_providers_of_one_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, module="tollhouse_test_twin", name="openai")
    with pytest.raises(ValueError, match="two providers are named 'openai'"):
        builtin()


def test_what_is_not_a_provider_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, module="tollhouse_test_odd", name="odd", attribute="openai_chat")
    with pytest.raises(TypeError, match="tollhouse_test_odd:openai_chat, announced as a provider named 'odd'"):
        builtin()
