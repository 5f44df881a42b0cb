"""The master keys: a wrong one fails at start, others cannot read them, and no crash loses one."""

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tollhouse.errors import CannotStart
from tollhouse.vault import Binding, KeyFile, KeyRing, Secret, Vault, load_ring, read_ring, write_ring

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
BINDING = Binding(workspace="w", user="u", credential="c", provider="p", origin="o", field="f")


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "master.key")


# --- the ring and its text -------------------------------------------------------------------------------------------


def test_a_ring_is_read_as_it_was_written():
    ring = KeyRing.new(NOW).add_primary(NOW)
    again = read_ring(write_ring(ring), "here")
    assert again.kids == ring.kids
    assert again.primary == ring.primary
    assert again.checks() == ring.checks()
    assert again.derive("anything") == ring.derive("anything")
    assert Vault(again).open(Vault(ring).seal(Secret("key"), BINDING), BINDING).reveal() == "key"


def test_a_ring_shows_its_key_ids_and_no_key():
    ring = KeyRing.new(NOW)
    assert repr(ring) == f"KeyRing(primary={ring.primary}, kids={ring.primary})"


def test_a_changed_text_is_refused_or_means_the_same():
    ring = KeyRing.new(NOW).add_primary(NOW)
    text = write_ring(ring)
    for place in range(len(text)):
        for bit in (0, 5):
            changed = text[:place] + bytes([text[place] ^ 1 << bit]) + text[place + 1 :]
            try:
                read = read_ring(changed, "here")
            except CannotStart:
                continue
            assert read.checks() == ring.checks()
            assert read.derive("anything") == ring.derive("anything")


def test_a_cut_text_is_refused_without_quoting_it():
    text = write_ring(KeyRing.new(NOW))
    for length in range(len(text) - 2):
        with pytest.raises(CannotStart) as caught:
            read_ring(text[:length], "here")
        assert str(caught.value) == "The master key in here is damaged. Restore it from your backup."


def test_a_text_of_a_later_format_is_refused_as_such():
    with pytest.raises(CannotStart, match="later version"):
        read_ring(write_ring(KeyRing.new(NOW)).replace(b'"format": 1', b'"format": 2'), "here")


def test_a_key_under_the_id_of_another_is_refused():
    one, other = KeyRing.new(NOW), KeyRing.new(NOW)
    forged = write_ring(one).replace(one.primary.encode(), other.primary.encode())
    with pytest.raises(CannotStart, match="damaged"):
        read_ring(forged, "here")


def test_a_key_named_twice_is_refused():
    ring = KeyRing.new(NOW)
    text = json.loads(write_ring(ring))
    text["keys"] *= 2
    with pytest.raises(CannotStart, match="damaged"):
        read_ring(json.dumps(text).encode(), "here")


@pytest.mark.parametrize("place", ["pepper", "key"])
def test_a_key_of_another_length_is_refused(place: str):
    text = json.loads(write_ring(KeyRing.new(NOW)))
    (text if place == "pepper" else text["keys"][0])[place] = "AAAA"
    with pytest.raises(CannotStart, match="damaged"):
        read_ring(json.dumps(text).encode(), "here")


def test_a_ring_confirms_what_was_sealed_with_it_before_and_after_a_rotation():
    ring = KeyRing.new(NOW)
    ring.confirm({})
    ring.confirm(ring.checks())
    ring.add_primary(NOW).confirm(ring.checks())


def test_a_ring_of_another_installation_is_refused_at_start():
    ring = KeyRing.new(NOW)
    with pytest.raises(CannotStart, match=f"{ring.primary}, which is not in use here"):
        KeyRing.new(NOW).confirm(ring.checks())


def test_another_key_of_the_same_id_is_refused_at_start():
    ring = KeyRing.new(NOW)
    with pytest.raises(CannotStart, match="not the one that sealed"):
        ring.confirm({ring.primary: KeyRing.new(NOW).checks().popitem()[1]})


def test_the_primary_key_and_an_unknown_one_cannot_be_dropped():
    ring = KeyRing.new(NOW)
    with pytest.raises(CannotStart, match="Rotate to a new one first"):
        ring.drop(ring.primary)
    with pytest.raises(CannotStart, match="no master key k0"):
        ring.drop("k0")


def test_what_is_derived_differs_by_purpose_and_outlives_rotation():
    ring = KeyRing.new(NOW)
    assert ring.derive("tokens") != ring.derive("fingerprint")
    assert ring.derive("tokens") == ring.add_primary(NOW).drop(ring.primary).derive("tokens")


# --- the file --------------------------------------------------------------------------------------------------------


def test_a_new_file_is_readable_by_its_owner_alone_whatever_the_umask(file: KeyFile):
    before = os.umask(0)
    try:
        ring = file.create(NOW)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert file.read().checks() == ring.checks()
    assert os.listdir(file.path.parent) == ["master.key"]


def test_a_file_that_exists_is_never_replaced_by_a_new_one(file: KeyFile):
    ring = file.create(NOW)
    with pytest.raises(CannotStart, match="already"):
        file.create(NOW)
    assert file.read().checks() == ring.checks()
    assert os.listdir(file.path.parent) == ["master.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o666, 0o610])
def test_a_file_that_others_may_touch_is_refused(file: KeyFile, mode: int):
    file.create(NOW)
    file.path.chmod(mode)
    with pytest.raises(CannotStart, match=f"mode {mode:04o}.*chmod 600"):
        file.read()


def test_a_read_only_file_is_read(file: KeyFile):
    ring = file.create(NOW)
    file.path.chmod(0o400)
    assert file.read().checks() == ring.checks()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(file: KeyFile):
    file.create(NOW)
    os.chown(file.path, 12345, 12345)
    with pytest.raises(CannotStart, match="another user"):
        file.read()


def test_a_missing_file_tells_what_to_do(file: KeyFile):
    with pytest.raises(CannotStart, match="Restore it from your backup"):
        file.read()
    with pytest.raises(CannotStart, match="Restore it from your backup"):
        file.add_primary(NOW)


def test_a_missing_folder_is_an_error_that_names_the_file(tmp_path: Path):
    with pytest.raises(CannotStart, match=r"nowhere/master\.key cannot be written: No such file"):
        KeyFile(tmp_path / "nowhere" / "master.key").create(NOW)


def test_a_folder_and_a_pipe_in_its_place_are_refused_at_once(tmp_path: Path):
    with pytest.raises(CannotStart):
        KeyFile(tmp_path).read()
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(CannotStart, match="not a file"):
        KeyFile(tmp_path / "pipe").read()


def test_rotating_keeps_the_old_keys_until_they_are_dropped(file: KeyFile):
    first = file.create(NOW)
    second = file.add_primary(NOW)
    assert file.read().kids == (first.primary, second.primary)
    assert file.read().primary == second.primary
    file.drop(first.primary)
    assert file.read().kids == (second.primary,)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_rotations_at_once_all_last(file: KeyFile):
    file.create(NOW)
    with ThreadPoolExecutor(8) as threads:
        added = [ring.primary for ring in threads.map(lambda _: file.add_primary(NOW), range(24))]
    assert set(added) < set(file.read().kids)
    assert len(file.read().kids) == 25


def test_a_link_to_the_file_stays_a_link(file: KeyFile, tmp_path: Path):
    file.create(NOW)
    link = tmp_path / "link.key"
    link.symlink_to(file.path)
    rotated = KeyFile(link).add_primary(NOW)
    assert link.is_symlink()
    assert file.read().primary == rotated.primary


KILLED_AT_EVERY_STEP = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from tollhouse.vault import KeyFile

NOW = datetime(2026, 11, 22, tzinfo=UTC)
file = KeyFile(Path(sys.argv[1]))
deed = {"create": file.create, "rotate": file.add_primary}[sys.argv[2]]

def die_at(step):
    steps = iter(range(step))
    def count(event, arguments):
        if next(steps, None) is None:
            os._exit(9)
    sys.addaudithook(count)

step = 0
while True:
    before = set(file.read().kids) if file.path.exists() else set()
    child = os.fork()
    if child == 0:
        try:
            die_at(step)
            deed(NOW)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if file.path.exists():
        assert before <= set(file.read().kids), (step, before)
    else:
        assert not before, step
    if status == 0:
        break
    assert os.waitstatus_to_exitcode(status) == 9, status
    if sys.argv[2] == "create":
        file.path.unlink(missing_ok=True)
    step += 1
print(step, len(file.read().kids))
assert sorted(os.listdir(file.path.parent)) == [file.path.name]
"""


@pytest.mark.parametrize("deed", ["create", "rotate"])
def test_a_process_killed_at_any_step_leaves_the_old_file_or_the_new_one(file: KeyFile, deed: str):
    if deed == "rotate":
        file.create(NOW)
    done = _run(KILLED_AT_EVERY_STEP, str(file.path), deed)
    steps_survived = int(done.split()[0])
    assert steps_survived > 3  # at least the lock, the draft and its publication were cut off once each


ON_A_FULL_DISK = """
import os, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from tollhouse.errors import CannotStart
from tollhouse.vault import KeyFile

resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    KeyFile(Path(sys.argv[1])).add_primary(datetime(2026, 11, 22, tzinfo=UTC))
except CannotStart as error:
    print(error)
"""


def test_a_full_disk_refuses_the_rotation_and_leaves_the_file(file: KeyFile):
    ring = file.create(NOW)
    assert "cannot be written: File too large" in _run(ON_A_FULL_DISK, str(file.path))
    assert file.read().checks() == ring.checks()
    assert os.listdir(file.path.parent) == ["master.key"]


def _run(script: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- where the keys come from ----------------------------------------------------------------------------------------


def test_a_named_file_comes_before_systemd_and_that_before_the_environment(file: KeyFile, tmp_path: Path):
    in_file = file.create(NOW)
    in_systemd = KeyFile(tmp_path / "tollhouse-master-key").create(NOW)
    in_variable = KeyRing.new(NOW)
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "TOLLHOUSE_MASTER_KEY": write_ring(in_variable).decode()}
    assert load_ring(file.path, environ).kids == in_file.kids
    assert load_ring(None, environ).kids == in_systemd.kids
    assert load_ring(None, {**environ, "CREDENTIALS_DIRECTORY": "/nowhere"}).kids == in_variable.kids


def test_a_named_file_that_is_missing_is_not_made_up_for_by_another_place(tmp_path: Path):
    environ = {"TOLLHOUSE_MASTER_KEY": write_ring(KeyRing.new(NOW)).decode()}
    with pytest.raises(CannotStart, match=r"no master key file at .*master\.key"):
        load_ring(tmp_path / "master.key", environ)


def test_a_systemd_credential_has_the_mode_that_systemd_gives_it(tmp_path: Path):
    file = KeyFile(tmp_path / "tollhouse-master-key")
    file.create(NOW)
    file.path.chmod(0o440)
    assert load_ring(None, {"CREDENTIALS_DIRECTORY": str(tmp_path)}).kids
    file.path.chmod(0o444)
    with pytest.raises(CannotStart, match="read by others"):
        load_ring(None, {"CREDENTIALS_DIRECTORY": str(tmp_path)})


@pytest.mark.parametrize("environ", [{}, {"TOLLHOUSE_MASTER_KEY": ""}])
def test_without_any_key_nothing_starts(environ: dict[str, str]):
    with pytest.raises(CannotStart, match="There is no master key"):
        load_ring(None, environ)


@pytest.mark.parametrize("text", ["changeme", "0" * 64, "{}", '{"format": 1}', "\udcff"])
def test_a_variable_that_holds_no_ring_is_refused_without_quoting_it(text: str):
    with pytest.raises(CannotStart) as caught:
        load_ring(None, {"TOLLHOUSE_MASTER_KEY": text})
    assert (
        str(caught.value)
        == "The master key in the variable TOLLHOUSE_MASTER_KEY is damaged. Restore it from your backup."
    )
