"""The documentation's pages that measurements write, and the results they are written from."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.conversations import page as conversations_page
from benchmarks.conversations.figures import Talked
from benchmarks.results import CACHE, KEPT, ROOT, Results, load, save
from benchmarks.scale import page as scale_page
from benchmarks.scale.points import Scale


@dataclass(frozen=True)
class Page:
    """A document, and how it follows from results of a kind."""

    name: str
    document: Path
    kind: type[Any]
    render: Callable[[Any], str]

    @property
    def kept(self) -> Path:
        """The results that the document was last written from."""
        return KEPT / f"{self.name}.json"

    def publish(self, results: object, *, is_kept: bool) -> None:
        """Print the page; keep the results and write the document if that is wanted."""
        save(results, CACHE / f"{self.name}.json")
        sys.stdout.write(self.render(results))
        if is_kept:
            save(results, self.kept)
            self.rewrite()

    def rewrite(self) -> None:
        """Write the document anew from the results that are kept."""
        self.document.write_text(self.text(), encoding="utf-8")

    def text(self) -> str:
        """What the document says, by the results that are kept."""
        return self.render(load(self.kept, self.kind))


COST = Page("cost", ROOT / "docs" / "reference" / "benchmarks.md", Results, report.page)
SCALE = Page("scale", ROOT / "docs" / "explanation" / "scale.md", Scale, scale_page.page)
CONVERSATIONS = Page(
    "conversations", ROOT / "docs" / "explanation" / "many-conversations.md", Talked, conversations_page.page
)
