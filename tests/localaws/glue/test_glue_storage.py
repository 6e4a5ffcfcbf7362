"""What a script reads and writes of S3."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from glue_world import Jobs

from batchrec.localaws.glue.local_copy import LocalCopy

pytestmark = pytest.mark.timeout(180)

COPY = """
import pathlib, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
source, target = pathlib.Path(given["--source"]), pathlib.Path(given["--target"])
assert not given["--source"].startswith("s3:")
target.mkdir(parents=True)
for path in sorted(source.rglob("*")):
    if path.is_file():
        (target / path.name).write_text(path.read_text().upper())
        print(path.relative_to(source))
"""


def test_a_script_reads_and_writes_s3_through_its_arguments(jobs: Jobs) -> None:
    for key in ("in/a.txt", "in/below/b.txt", "in-beside/c.txt", "elsewhere/d.txt"):
        jobs.put(key, key)
    before = jobs.keys()
    arguments = {"--source": jobs.url("in/"), "--target": jobs.url("out/here")}
    ended = jobs.run(COPY, arguments)
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert jobs.log("output", ended) == ["a.txt", "below/b.txt"]
    written = {key for key in jobs.keys() - before if not key.startswith("scripts/")}
    assert written == {"out/here/a.txt", "out/here/b.txt"}
    assert jobs.get("out/here/b.txt") == "IN/BELOW/B.TXT"
    assert jobs.get("in/a.txt") == "in/a.txt"


def test_a_single_object_can_be_an_argument(jobs: Jobs) -> None:
    source = jobs.put("config/settings.json", "{}")
    jobs.put("config/settings.json.old", "not this one")
    ended = jobs.run(
        """
        import pathlib, sys
        path = pathlib.Path(sys.argv[sys.argv.index("--settings") + 1])
        print(path.read_text(), [found.name for found in path.parent.iterdir()])
        """,
        {"--settings": source},
    )
    assert jobs.log("output", ended) == ["{} ['settings.json']"]


def test_what_a_script_changes_is_changed_in_s3(jobs: Jobs) -> None:
    jobs.put("data/changed.txt", "old")
    untouched = jobs.put("data/untouched.txt", "same")
    key = untouched.partition(jobs.bucket + "/")[2]
    before = jobs.s3.head_object(Bucket=jobs.bucket, Key=key)["LastModified"]
    ended = jobs.run(
        """
        import pathlib, sys
        data = pathlib.Path(sys.argv[sys.argv.index("--data") + 1])
        (data / "changed.txt").write_text((data / "changed.txt").read_text() + " and new")
        """,
        {"--data": jobs.url("data")},
    )
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert jobs.get("data/changed.txt") == "old and new"
    assert jobs.s3.head_object(Bucket=jobs.bucket, Key=key)["LastModified"] == before


def test_what_a_script_deletes_is_deleted_in_s3(jobs: Jobs) -> None:
    for key in ("data/old/part-1.txt", "data/old/part-2.txt", "data/kept.txt", "data-beside.txt"):
        jobs.put(key, key)
    ended = jobs.run(
        """
        import pathlib, shutil, sys
        data = pathlib.Path(sys.argv[sys.argv.index("--data") + 1])
        shutil.rmtree(data / "old")
        (data / "new.txt").write_text("new")
        """,
        {"--data": jobs.url("data")},
    )
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert jobs.keys("data") == {"data/kept.txt", "data/new.txt", "data-beside.txt"}


def test_what_a_script_writes_last_is_uploaded_last(jobs: Jobs, tmp_path: Path) -> None:
    """As on AWS: who finds a manifest in S3 finds what it names."""
    jobs.put("curated/latest.json", "old")

    class Recorder:
        def __init__(self) -> None:
            self.uploaded: list[str] = []

        def upload_file(self, path: str, bucket: str, key: str) -> None:
            jobs.s3.upload_file(path, bucket, key)
            self.uploaded.append(key)

        def __getattr__(self, name: str) -> Any:
            return getattr(jobs.s3, name)

    recorder = Recorder()
    copy = LocalCopy(tmp_path, recorder)
    curated = Path(copy.local(jobs.url("curated")))
    written = ["run/tables/part-1", "another/part-0", "run/publication.json", "latest.json"]
    for second, name in enumerate(written):
        path = curated / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("new")
        # The last two in one instant, as a coarse clock would have it.
        os.utime(path, (min(second, 2), min(second, 2)))
    copy.synchronise()
    assert recorder.uploaded == [f"curated/{name}" for name in written]
    assert jobs.get("curated/latest.json") == "new"


def test_what_a_failing_script_wrote_is_in_s3(jobs: Jobs) -> None:
    """As on AWS, where it was written at once."""
    ended = jobs.run(
        """
        import pathlib, sys
        out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
        out.mkdir()
        (out / "quarantine.txt").write_text("why")
        raise SystemExit("enough")
        """,
        {"--out": jobs.url("out")},
    )
    assert ended["JobRunState"] == "FAILED"
    assert jobs.get("out/quarantine.txt") == "why"


def test_reports_name_s3_and_no_local_path(jobs: Jobs) -> None:
    ended = jobs.run(
        """
        import json, pathlib, sys
        given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
        report = pathlib.Path(given["--report"])
        report.parent.mkdir()
        report.write_text(json.dumps({"source": given["--source"]}))
        print(given["--source"], file=sys.stderr)
        """,
        {"--source": jobs.url("in/"), "--report": jobs.url("out/report.json")},
    )
    assert json.loads(jobs.get("out/report.json")) == {"source": jobs.url("in/")}
    assert jobs.log("error", ended) == [jobs.url("in/")]
