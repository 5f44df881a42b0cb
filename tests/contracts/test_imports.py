"""The order of the rooms: who may import whom, and that imports stand at the top of a file."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tollhouse"

# Heavy and rarely needed, so imported where they are used; everything else stands at the top.
LATE = {
    "aiohttp": "only with a proxy",
    "aiohttp_socks": "only with a proxy",
    "alembic": "only when the schema is behind",
    "asyncpg": "only with PostgreSQL",
    "bpe_openai": "only when a call would be refused for its bytes",
    "dbos": "only where a worker works: 30 MiB, and half a second",
    "genai_prices": "only when prices are imported into the store",
    "httpx2": "only when a cassette is recorded: it is of an extra",
    "importlib": "only to find providers of other packages",
    "rich": "only where a command prints for people",
    "tollhouse.api.management.application": "only when management is asked for: it needs FastAPI",
    "tollhouse.testing.clock": "only when a test asks for it: it needs the kit",
    "tollhouse.testing.faking": "only when a test asks for its fixtures: it needs most of the house",
    "tollhouse.testing.network": "only where a test has no network: it needs the kit",
    "tollhouse.testing.whole": "likewise: it needs all of it",
    "tollhouse.testing.wire": "likewise: it needs the kit",
    "tollhouse.notify.email": "only where mail is sent: it needs aiosmtplib",
    "tollhouse.redis.connection": "only where Redis is named: it needs hiredis",
    "tollhouse.store.postgres": "only with PostgreSQL: it needs asyncpg",
    "tollhouse.testing.gateway": "only for tests that ask for one: it needs all of the rest",
    "tollhouse.telemetry.otlp": "only where a collector is sent traces: it needs OpenTelemetry's libraries",
    "tollhouse.upstream.proxied": "only with a proxy: it needs aiohttp",
    "uvicorn": "only where a server runs",
}


def test_the_import_contracts_are_kept():
    command = [
        sys.executable,
        "-c",
        "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())",
    ]
    run = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_room_is_named_in_a_layer():
    text = (ROOT / "pyproject.toml").read_text()
    layers = text.partition("layers = [")[2].partition("]")[0]
    rooms = {path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert sorted(room for room in rooms - {"__init__", "__main__"} if f"({room})" not in layers) == []


def test_late_imports_are_of_the_listed_packages_or_our_own_commands():
    found = {
        f"{path.relative_to(SOURCE)}: {module}"
        for path in SOURCE.rglob("*.py")
        for module in _late_imports(path)
        if not {module, module.partition(".")[0]} & LATE.keys() and not _is_own_of_the_command_line(path, module)
    }
    assert sorted(found) == []


def _is_own_of_the_command_line(path: Path, module: str) -> bool:
    """A command imports the house when it runs, so that `--help` and `--version` answer at once."""
    return path.relative_to(SOURCE).parts[0] in ("cli.py", "cli") and module.startswith("tollhouse")


def _late_imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inner = [node for function in functions for node in ast.walk(function)]
    whole = {alias.name for node in inner if isinstance(node, ast.Import) for alias in node.names}
    parts = {node.module or "." for node in inner if isinstance(node, ast.ImportFrom)}
    return whole | parts
