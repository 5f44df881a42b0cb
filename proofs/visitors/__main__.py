"""Install the clients, let them visit, and print what came of it: `python -m proofs.visitors`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hatch_build import node

from proofs.figures import table
from proofs.visitors.agents import AGENTS
from proofs.visitors.houses import PROVIDERS, House, visited

HERE = Path(__file__).parent
FOLDER = Path(".bench") / "visitors"
SCRIPTS = ("ai_sdk", "sdks")


@dataclass(frozen=True)
class Visit:
    """One thing that one client did; `failure` is why it went wrong, or None."""

    client: str
    provider: str
    what: str
    failure: str | None


def main(words: Sequence[str] | None = None) -> int:
    """Gives 0 when everything went well."""
    parser = argparse.ArgumentParser(prog="python -m proofs.visitors", description=__doc__)
    names = [*SCRIPTS, *(agent.program for agent in AGENTS)]
    parser.add_argument("only", nargs="*", metavar="NAME", help=f"only these: of {', '.join(names)}")
    only = parser.parse_args(words).only
    if unknown := sorted(set(only) - set(names)):
        parser.error(f"there is no {', '.join(unknown)}: choose from {', '.join(names)}")
    install(FOLDER)
    visits: list[Visit] = []
    with tempfile.TemporaryDirectory(prefix="tollhouse-visitors-") as folder, visited(Path(folder)) as house:
        for name in only or names:
            for visit in visiting(name, house, Path(folder)):
                visits.append(visit)
                if visit.failure is not None:
                    sys.stderr.write(f"{visit.client}, {visit.provider}, {visit.what}: {visit.failure}\n")
    clients = list(dict.fromkeys(visit.client for visit in visits))
    columns = {provider.partition("/")[0]: figures(visits, clients, provider) for provider in PROVIDERS}
    sys.stdout.write(f"{table(columns)}\n")
    return 1 if any(visit.failure is not None for visit in visits) else 0


def install(folder: Path) -> None:
    """What `package.json` names, and the scripts beside it, since node looks for packages where a script lies."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (*HERE.glob("*.mjs"), HERE / "package.json"):
        shutil.copy(path, folder)
    sys.stderr.write("Installing the visitors; the first time this may take a minute.\n")
    binaries, npm = node()
    quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    subprocess.run([binaries / "node", npm, "install", *quiet], cwd=folder, check=True, stdout=sys.stderr)
    # npm asks before it runs a package's own script; this one puts the program for this machine in its place.
    script = Path("node_modules") / "@anthropic-ai" / "claude-code" / "install.cjs"
    subprocess.run([binaries / "node", script], cwd=folder, check=True, stdout=sys.stderr)


def visiting(name: str, house: House, folder: Path) -> Iterator[Visit]:
    """What one of them does, one thing after the other."""
    if name in SCRIPTS:
        environ = {"TOLLHOUSE_URL": house.url, "TOLLHOUSE_KEY": house.key, "PROVIDERS": " ".join(PROVIDERS)}
        command = [str(node()[0] / "node"), f"{name}.mjs"]
        with subprocess.Popen(
            command, cwd=FOLDER, env=os.environ | environ, stdout=subprocess.PIPE, text=True
        ) as script:
            for line in script.stdout or ():
                yield Visit(**json.loads(line))
        if script.returncode != 0:
            yield Visit(name, PROVIDERS[0], "its end", f"it ended with {script.returncode}")
        return
    (agent,) = [agent for agent in AGENTS if agent.program == name]
    for number, provider in enumerate(PROVIDERS):
        home = folder / "homes" / f"{name}-{number}"
        failure = agent.ask(FOLDER.absolute(), home, house.url, house.key, f"{provider}/echo")
        yield Visit(agent.name, provider, "a question", failure)


def figures(visits: Sequence[Visit], clients: Sequence[str], provider: str) -> dict[str, str]:
    """For each client how much of what it did with a provider went well."""
    told = {}
    for client in clients:
        its = [visit for visit in visits if (visit.client, visit.provider) == (client, provider)]
        told[client] = f"{sum(visit.failure is None for visit in its)} of {len(its)}"
    return told


if __name__ == "__main__":
    sys.exit(main())
