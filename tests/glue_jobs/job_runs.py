"""Run the transform in a folder, and read what it left without Spark."""

import csv
import json
from pathlib import Path
from typing import Any

import prepare_training_data
import pyspark


def cluster_environment(folder: Path) -> dict[str, str]:
    """What the processes of a local-cluster need; their working directories are under `folder`."""
    home = folder / "spark_home"
    home.mkdir()
    for name in ("bin", "jars"):
        (home / name).symlink_to(Path(pyspark.__file__).parent / name)
    return {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}


class Run:
    """One run of the job: its folders, and what lies in them, read without Spark.

    A call runs the job on the files under `raw`. Unless told otherwise, the interactions have the
    columns u, i and t, and any share of unusable rows is allowed.
    """

    def __init__(self, folder: Path) -> None:
        self.raw = folder / "raw"
        self.transformed = folder / "transformed"
        self.quarantine = folder / "quarantine"

    def put(self, name: str, content: str | bytes) -> Path:
        """Write a raw file; `name` starts with the dataset's folder."""
        path = self.raw / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def __call__(self, configuration: dict[str, Any] | None = None, **interactions: Any) -> "Run":
        columns = {"user_id": "u", "item_id": "i", "timestamp": {"column": "t"}}
        document = {"maximum_quarantined_share": 1} | (configuration or {})
        document["interactions"] = columns | document.get("interactions", {}) | interactions
        return self.start(json.dumps(document))

    def start(self, configuration: str, *more: str) -> "Run":
        prepare_training_data.main(
            [
                *("--configuration", configuration),
                *("--raw_prefix", str(self.raw)),
                *("--transformed_prefix", str(self.transformed)),
                *("--quarantine_prefix", str(self.quarantine)),
                *more,
            ]
        )
        return self

    @property
    def files(self) -> list[str]:
        every_file = (path for path in self.transformed.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.transformed)) for path in every_file)

    def header(self, dataset: str = "interactions") -> str:
        (header,) = {path.open(encoding="utf-8").readline() for path in self._csv(dataset)}
        return header.removesuffix("\n")

    def rows(self, dataset: str = "interactions") -> list[tuple[str, ...]]:
        """The data rows, sorted, as a reader with backslash escapes sees them."""
        found = []
        for path in self._csv(dataset):
            with path.open(newline="", encoding="utf-8") as file:
                file.readline()
                reader = csv.reader(file, escapechar="\\", doublequote=False, strict=True)
                found += [tuple(row) for row in reader]
        return sorted(found)

    def _csv(self, dataset: str) -> list[Path]:
        return sorted((self.transformed / dataset).iterdir())

    def asked(self, key: str = "users") -> list[dict[str, Any]]:
        (path,) = (self.transformed / f"batch_{key}_input").iterdir()
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    def quarantined(self, dataset: str = "interactions") -> list[dict[str, str]]:
        folder = self.quarantine / dataset
        if not folder.exists():
            return []
        lines = "".join(path.read_text("utf-8") for path in folder.iterdir())
        return [json.loads(line) for line in lines.split("\n") if line]

    def reasons(self, dataset: str = "interactions") -> list[tuple[str, str]]:
        """Each unusable record with its reason, sorted."""
        return sorted((each["record"], each["reason"]) for each in self.quarantined(dataset))

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((self.transformed / "report.json").read_text("utf-8"))
        return report

    def counts(self, dataset: str = "interactions") -> dict[str, int]:
        counts: dict[str, int] = self.report["datasets"][dataset]["rows"]
        return counts
