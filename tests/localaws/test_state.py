"""An account that is saved, and goes on in another process."""

import json
import os
import signal
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchrec.errors import BatchrecError
from batchrec.localaws import runtime
from batchrec.localaws.state_file import FORMAT, Parts, StateFile

pytestmark = pytest.mark.timeout(120)

BATCHREC = Path(sys.executable).with_name("batchrec")
SCRIPT = Path(__file__).with_name("state_days.py")


def day(which: str, state: Path, given: Any = None) -> Any:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), which, str(state)],
        env=os.environ | {"PYTHONPATH": str(SCRIPT.parents[1])},
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# --- the account ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, Path]:
    path = tmp_path_factory.mktemp("days") / "account.state"
    first = day("one", path)
    return first, day("two", path, first), path


@pytest.mark.xdist_group("days")
def test_objects_resources_data_and_models_are_there_the_next_day(
    days: tuple[Any, Any, Path],
) -> None:
    """The model too: it answers as it did, to the last digit of the scores."""
    first, second, _ = days
    assert len(first["kept"]["recommended"]) == 4
    assert first["kept"]["gone"] is False
    assert second["kept"] == first["kept"]


@pytest.mark.xdist_group("days")
def test_time_goes_on(days: tuple[Any, Any, Path]) -> None:
    """The first day's virtual time was ahead of the wall clock by days."""
    first, second, _ = days
    assert first["now"] <= second["started"] < first["now"] + 3600


@pytest.mark.xdist_group("days")
def test_what_was_under_way_has_failed_or_is_gone(days: tuple[Any, Any, Path]) -> None:
    first, second, _ = days
    first_group = first["arns"][0].rpartition("/")[2]
    assert second["groups"] == {
        first_group: ["ACTIVE", None],
        "unfinished": [
            "CREATE FAILED",
            "The local AWS was stopped while this was under way.",
        ],
    }
    assert (second["stopped"], second["latest"]) == ("CREATE FAILED", "CREATE FAILED")
    assert second["update"] == "CREATE FAILED"


@pytest.mark.xdist_group("days")
def test_other_regions_are_kept_apart(days: tuple[Any, Any, Path]) -> None:
    _, second, _ = days
    assert second["elsewhere"] == ["elsewhere"]
    assert "elsewhere" not in second["groups"]


@pytest.mark.xdist_group("days")
def test_the_account_goes_on_with_what_it_has(days: tuple[Any, Any, Path]) -> None:
    _, second, _ = days
    assert second["repeated"] == "ResourceAlreadyExistsException", "a job's name serves once"
    assert (second["more"], second["retrained"]) == ("ACTIVE", "ACTIVE")


@pytest.mark.xdist_group("days")
def test_files_of_its_users_are_kept_with_it(days: tuple[Any, Any, Path]) -> None:
    _, second, _ = days
    assert second["attachments"] == {"notes.txt": "of the first day"}


@pytest.mark.xdist_group("days")
def test_the_file_is_its_owners_alone_and_nothing_lies_beside_it(
    days: tuple[Any, Any, Path],
) -> None:
    _, _, path = days
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.xdist_group("days")
def test_the_file_holds_json_and_contents_only(days: tuple[Any, Any, Path]) -> None:
    _, _, path = days
    with zipfile.ZipFile(path) as archive:
        index = json.loads(archive.read("state.json"))
        contents = {each["content"] for bucket in index["buckets"] for each in bucket["objects"]}
        contents |= set(index["attachments"].values())
        for name in set(archive.namelist()) - contents:
            json.loads(archive.read(name))


# --- the command line -----------------------------------------------------------------------------


def test_the_command_line_saves_when_it_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "account.state"
    process = subprocess.Popen(
        [str(BATCHREC), "local-aws", "--state", str(path), "--fault", "s3:GetObject throttle"],
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        exported = next(line for line in lines if "AWS_ENDPOINT_URL=" in line)
        s3 = runtime.client("s3", exported.strip().partition("=")[2], "us-east-1")
        s3.create_bucket(Bucket="kept")
        with pytest.raises(ClientError, match="SlowDown"):
            s3.get_object(Bucket="kept", Key="any")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    finally:
        process.kill()
    with StateFile(path) as file:
        assert file.index is not None
        assert [bucket["name"] for bucket in file.index["buckets"]] == ["kept"]


def test_the_command_line_explains_a_file_it_can_not_use(tmp_path: Path) -> None:
    path = tmp_path / "account.state"
    write(path, format=FORMAT, version=1, time=1.0, buckets=[{}], personalize=[], attachments={})
    before = path.read_bytes()
    ended = subprocess.run(
        [str(BATCHREC), "local-aws", "--state", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "is damaged" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert path.read_bytes() == before


# --- the file -------------------------------------------------------------------------------------


def write(path: Path, **members: Any) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("state.json", json.dumps(members))


def saved(path: Path, text: bytes = b"content") -> None:
    with StateFile(path) as file:
        file.save(lambda parts: {"time": 1.5, "part": parts.add(text)})


def content(path: Path) -> tuple[float, bytes]:
    found: list[bytes] = []
    with StateFile(path) as file:
        file.load(lambda index, parts: found.append(parts.read(index["part"])))
        return file.time, found[0]


def test_a_state_is_saved_loaded_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "state"
    saved(path)
    assert content(path) == (1.5, b"content")
    saved(path, b"another")
    assert content(path) == (1.5, b"another")


@pytest.mark.parametrize("is_there", [True, False])
def test_a_missing_or_empty_file_holds_nothing_yet(tmp_path: Path, is_there: bool) -> None:
    path = tmp_path / "state"
    if is_there:
        path.touch()
    with StateFile(path) as file:
        assert (file.index, file.time) == (None, 0)
        file.load(lambda *_: pytest.fail("there is nothing to load"))


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "state")
    saved(link)
    assert link.is_symlink()
    assert content(tmp_path / "state") == content(link)


def foreign_text(path: Path) -> None:
    path.write_text("precious")


def foreign_archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("precious.txt", "precious")


def foreign_index(path: Path) -> None:
    write(path, format="of somebody else")


def newer(path: Path) -> None:
    write(path, format=FORMAT, version=2)


def cut_off(path: Path) -> None:
    saved(path, os.urandom(5000))
    path.write_bytes(path.read_bytes()[:3000])


def without_time(path: Path) -> None:
    write(path, format=FORMAT, version=1)


def other_bytes(path: Path) -> None:
    saved(path, os.urandom(5000))
    content = bytearray(path.read_bytes())
    content[2000:2100] = bytes(100)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (foreign_text, "is no state"),
        (foreign_archive, "is no state"),
        (foreign_index, "is no state"),
        (newer, "has version 2"),
        (cut_off, "not a whole one"),
        (without_time, "is damaged"),
        (other_bytes, "is damaged"),
    ],
)
def test_what_is_no_usable_state_is_refused_and_left_alone(
    tmp_path: Path, spoil: Any, said: str
) -> None:
    path = tmp_path / "state"
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(BatchrecError) as refused:
        content(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)
    assert path.read_bytes() == before


def test_one_local_aws_at_a_time_has_the_file(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with StateFile(path), pytest.raises(BatchrecError, match="Another local AWS uses"):
        StateFile(path)
    saved(path)
    with StateFile(path), pytest.raises(BatchrecError, match="Another local AWS uses"):
        StateFile(path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BatchrecError, match="nowhere"):
        StateFile(tmp_path / "nowhere" / "state")


def test_a_failed_save_leaves_the_earlier_state(tmp_path: Path) -> None:
    path = tmp_path / "state"
    saved(path)

    def full(parts: Parts) -> dict[str, Any]:
        parts.add(b"half of it")
        raise OSError(28, "No space left on device")

    with StateFile(path) as file, pytest.raises(BatchrecError, match="No space left"):
        file.save(full)
    assert content(path) == (1.5, b"content")
    assert list(tmp_path.iterdir()) == [path]
