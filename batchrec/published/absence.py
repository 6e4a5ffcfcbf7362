"""Why nothing is recommended for a user, an item or an expression, and what can be done."""

import json
import re
from typing import Any

from batchrec.pipeline import Pipeline, input_key
from batchrec.published import imported, objects

_WHAT = {"users": "user", "items": "item", "item attributes": "expression"}
_MEMBERS = {"users": "userId", "items": "itemId", "item attributes": "itemAttributes"}
_ERROR = re.compile(rb'"error"\s*:\s*[^\sn]')  # not null
_CHOICES = ("active_days", "active_since", "most_frequent", "ids")  # of a batch input


def explain(
    pipeline: Pipeline, run: str, solution: str, asked: str, id_: str, events: int | None
) -> str:
    """Say why a solution's table has no row.

    Args:
        pipeline: whose.
        run: the run that published the table.
        solution: its key.
        asked: users, items or item attributes.
        id_: of whom, or of what.
        events: how many there are in the run's data; None: unknown.
    """
    this = f"This {_WHAT[asked]}"
    configured = {each["key"]: each for each in pipeline.configuration["solutions"]}
    found = configured.get(solution, {})
    folder = str(found.get("batch_input_folder", ""))
    lines, was_asked = imported.is_asked(pipeline, run, folder, id_)
    if was_asked:
        return f"{this} was asked about, and has no answer. " + _of_the_answer(
            pipeline, run, found, asked, id_
        )
    if not lines:
        return f"{this} has no answer. What the run {run} asked about isn't kept any more."
    key = input_key(found) if found else "KEY"
    among = f"is not among the {lines:,} {asked} that were asked about"
    if events == 0:
        return (
            f"{this} {among}, and has no event in the data that the run {run} imported: check the"
            f" id. To ask about {asked} without events, list them in batch_inputs.{key}.ids."
        )
    return f"{this} {among}. {_of_the_choice(pipeline, run, key)}"


def _of_the_answer(
    pipeline: Pipeline, run: str, solution: dict[str, Any], asked: str, id_: str
) -> str:
    error = _error(pipeline, run, str(solution["key"]), _MEMBERS[asked], id_)
    if error is not None:
        return f"Amazon Personalize answered: {error}"
    if solution.get("filter_expression"):
        return f"The filter may leave nothing: {solution['filter_expression']}"
    return "Amazon Personalize recommended nothing."


def _of_the_choice(pipeline: Pipeline, run: str, key: str) -> str:
    """Say by what the batch input chooses whom it asks about."""
    report = pipeline.read_report(run) or {}
    chosen = report.get("configuration", {}).get("batch_inputs", {}).get(key) or {}
    rules = [
        name if isinstance(chosen[name], list) else f"{name} = {chosen[name]}"
        for name in _CHOICES
        if chosen.get(name) is not None
    ]
    if not rules:
        return "If its events are newer than that run, the next one asks about it."
    return f"batch_inputs.{key} chooses by {' and '.join(rules)}: change that, and run again."


def _error(pipeline: Pipeline, run: str, solution: str, member: str, id_: str) -> str | None:
    """Find the error of one line among what Personalize wrote.

    A segment of item attributes is documented without `input`.
    """
    prefix = pipeline.key(f"curated/{run}/{solution}/")
    for file in objects.under(pipeline.client("s3"), pipeline.bucket, prefix, ".out"):
        for text in file.lines():
            if _ERROR.search(text):  # parsing all the others would take long
                line: dict[str, Any] = json.loads(text)
                if line.get("error") and (line.get("input") or line).get(member) == id_:
                    return str(line["error"])
    return None
