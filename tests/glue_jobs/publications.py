"""Publish what batch jobs answered in a folder, and read what the job left without Spark."""

import json
from pathlib import Path
from typing import Any

import duckdb
import publish_recommendations

Line = dict[str, Any]


def lines(*each: Line | str) -> str:
    """JSON lines; a text stands for itself."""
    return "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in each)


def answer(user: str, *items: str) -> Line:
    """What User-Personalization answers about one user."""
    scores = [round(0.5 / rank, 7) for rank in range(1, len(items) + 1)]
    output = {"recommendedItems": list(items), "scores": scores}
    return {"input": {"userId": user}, "output": output, "error": None}


def failure(user: str, error: str) -> Line:
    """What it answers when it can't."""
    return {"input": {"userId": user}, "output": {"recommendedItems": []}, "error": error}


class Publication:
    """The folders of one pipeline and one of its runs.

    A call publishes what is there for the named solutions, or for all that `ask` was given.
    """

    def __init__(self, folder: Path, run: str = "run-2") -> None:
        self.run = run
        self.transformed = folder / "transformed" / run
        self.results = folder / "curated" / run
        self.latest = folder / "curated" / "latest.json"
        self.folders: dict[str, str] = {}  # of the batch input, by solution

    def ask(self, key: str, inputs: str, answers: str | None, *, folder: str = "") -> None:
        """Write what a solution is asked and, unless it is None, what it answers."""
        self.folders[key] = folder or f"batch_{key}_input"
        self.put_input(self.folders[key], "part-0.json", inputs)
        if answers is not None:
            self.put_answers(key, "part-0.json.out", answers)

    def put_input(self, folder: str, name: str, content: str) -> None:
        put(self.transformed / folder / name, content)

    def put_answers(self, key: str, name: str, content: str) -> None:
        put(self.results / key / name, content)

    def arguments(
        self,
        *,
        configured: list[str] | None = None,
        manifests: dict[str, Line] | None = None,
        maximum_error_share: float = 0.01,
    ) -> list[str]:
        document = {
            "configured": configured or list(self.folders),
            "recommended": [
                {
                    "solution": key,
                    "batch_input_folder": folder,
                    "manifest": (manifests or {}).get(key, {}),
                }
                for key, folder in self.folders.items()
            ],
        }
        return [
            *("--run", self.run, "--solutions", json.dumps(document)),
            *("--transformed_prefix", str(self.transformed)),
            *("--results_prefix", str(self.results)),
            *("--manifest", str(self.latest)),
            *("--maximum_error_share", str(maximum_error_share)),
        ]

    def __call__(self, **choices: Any) -> "Publication":
        publish_recommendations.main(self.arguments(**choices))
        return self

    def start(self, *more: str) -> "Publication":
        """Run the job with further arguments: the last one of each counts."""
        publish_recommendations.main([*self.arguments(), *more])
        return self

    def table_files(self, key: str) -> list[Path]:
        folder = self.results / "tables" / key
        return sorted(folder.iterdir()) if folder.exists() else []

    def columns(self, key: str) -> list[tuple[str, str]]:
        """Names and types, as DuckDB calls them."""
        files = f"{self.results}/tables/{key}/*.parquet"
        described = duckdb.sql(f"DESCRIBE FROM '{files}'").fetchall()
        return [(name, kind) for name, kind, *_ in described]

    def rows(self, key: str) -> list[tuple[Any, ...]]:
        files = f"{self.results}/tables/{key}/*.parquet"
        return duckdb.sql(f"FROM '{files}' ORDER BY ALL").fetchall()

    @property
    def publication(self) -> Line:
        return dict(json.loads((self.results / "publication.json").read_text("utf-8")))

    @property
    def refused(self) -> dict[str, str]:
        return dict(self.publication["refused"])

    @property
    def manifest(self) -> Line:
        return dict(json.loads(self.latest.read_text("utf-8")))


def put(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
