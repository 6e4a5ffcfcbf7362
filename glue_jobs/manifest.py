"""What a run publishes, and the manifest through which consumers find it.

docs/publishing.md describes the members of both documents.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What the job itself says of a solution.
OWN_MEMBERS = ("run", "counts", "results_prefix", "table_prefix")
_JSON_NAMES: dict[type, str] = {list: "a list", str: "a string", dict: "an object"}


class SolutionsError(ValueError):
    """The argument --solutions can't be used."""


class ManifestError(ValueError):
    """What lies in the place of the manifest is none."""


@dataclass(frozen=True)
class Recommended:
    """A solution whose batch job of this run has ended."""

    key: str
    batch_input_folder: str  # below the run's transformed prefix
    manifest: Mapping[str, Any]  # what the manifest is to say of it, beside the job's own members


@dataclass(frozen=True)
class Solutions:
    """The keys of all solutions of the pipeline, and those that this run asked."""

    configured: Sequence[str]
    recommended: Sequence[Recommended]


def parse_solutions(text: str) -> Solutions:
    """Read `{"configured": [key, …], "recommended": [{"solution": key, …}, …]}`.

    Raises:
        SolutionsError: it is something else.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise SolutionsError(f"--solutions is not valid JSON: {error}") from error
    _require_members("--solutions", document, {"configured": list, "recommended": list})
    configured = document["configured"]
    if not all(isinstance(key, str) for key in configured):
        raise SolutionsError("--solutions: configured must be a list of keys.")
    members = {"solution": str, "batch_input_folder": str, "manifest": dict}
    recommended: list[Recommended] = []
    for number, entry in enumerate(document["recommended"]):
        where = f"--solutions: recommended[{number}]"
        _require_members(where, entry, members)
        key, manifest = entry["solution"], entry["manifest"]
        if key not in configured:
            raise SolutionsError(f"{where}: {key} is not among the configured solutions.")
        if key in (earlier.key for earlier in recommended):
            raise SolutionsError(f"{where}: {key} is there twice.")
        if taken := sorted(manifest.keys() & set(OWN_MEMBERS)):
            raise SolutionsError(f"{where}: manifest must not have {', '.join(taken)}.")
        recommended.append(Recommended(key, entry["batch_input_folder"], manifest))
    return Solutions(configured, recommended)


def _require_members(where: str, value: Any, members: Mapping[str, type]) -> None:
    if not isinstance(value, dict) or value.keys() != members.keys():
        raise SolutionsError(f"{where} must be an object of {', '.join(members)}.")
    for name, kind in members.items():
        if not isinstance(value[name], kind):
            raise SolutionsError(f"{where}: {name} must be {_JSON_NAMES[kind]}.")


def parse_earlier(content: bytes | None, url: str) -> dict[str, Any]:
    """Return the solutions of the manifest at `url`, by key; none if there is no manifest yet.

    Raises:
        ManifestError: it is none, so that nobody can say what of it should be kept.
    """
    if content is None:
        return {}
    try:
        document = json.loads(content)
    except ValueError as error:
        raise _unreadable(url, f"it is not valid JSON ({error})") from error
    solutions = document.get("solutions") if isinstance(document, dict) else None
    if not isinstance(solutions, dict) or not all(
        isinstance(entry, dict) and isinstance(entry.get("run"), str)
        for entry in solutions.values()
    ):
        raise _unreadable(url, "it has no solutions, each with its run")
    return solutions


def is_published(entry: Mapping[str, Any] | None, run: str, solution: Recommended) -> bool:
    """Whether a manifest's entry already says of this run what it would say of the solution."""
    if entry is None or entry["run"] != run or not entry.keys() >= set(OWN_MEMBERS):
        return False
    told = {name: value for name, value in entry.items() if name not in OWN_MEMBERS}
    return told == solution.manifest


def _unreadable(url: str, why: str) -> ManifestError:
    return ManifestError(
        f"{url} is no manifest of this job: {why}. Put an earlier version of it back, or delete it"
        " to publish the solutions of this run alone; it was left as it is."
    )


def compose(
    run: str,
    published_at: str,
    configured: Sequence[str],
    earlier: Mapping[str, Any],
    published: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the manifest after a run.

    Args:
        run: its name.
        published_at: now, ISO 8601 in UTC.
        configured: the keys of all solutions.
        earlier: the entries of the manifest until now, by key; those of solutions that this run
            doesn't publish stay, unless the solution isn't configured any more.
        published: this run's entries, by key.
    """
    entries = {**earlier, **published}
    return {
        "run": run,
        "published_at": published_at,
        "solutions": {key: entries[key] for key in configured if key in entries},
    }
