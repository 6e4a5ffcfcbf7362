"""Glue job: what Amazon Personalize answered becomes tables, and what is complete is published.

    <results_prefix>/<solution>/*.out               what a batch job wrote; only read
    <results_prefix>/tables/<solution>/*.parquet    a row for each recommendation
    <results_prefix>/publication.json               what is published, what is refused and why
    <manifest>                                      written last: what consumers read

A solution is refused if its answers are not complete; that doesn't fail the job. Consumers who go
through the manifest see the earlier run or this one, whenever the job is killed. docs/publishing.md
describes the outputs.

Runs unchanged under Glue 5.0 (Spark 3.5.4, Python 3.11) and under plain PySpark, where the URLs may
be local paths. The modules it imports lie beside it; on Glue they come through --extra-py-files.
"""

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import answers
import completeness
import files
import manifest
from completeness import Counts
from manifest import Recommended
from pyspark.sql import SparkSession

# Of a solution's .out files, for each Parquet file: about as much as Spark reads in one piece.
BYTES_PER_FILE = 128 * 1024 * 1024

# The rules of this script are those of Spark without ANSI mode.
SETTINGS = {"spark.sql.ansi.enabled": "false"}


@dataclass(frozen=True)
class Run:
    """One run: its name and where its parts lie, without slashes at the end."""

    name: str
    transformed: str
    results: str
    manifest: str
    maximum_error_share: float

    def answers(self, key: str) -> str:
        """Return where a solution's .out files lie."""
        return f"{self.results}/{key}"

    def table(self, key: str) -> str:
        """Return where a solution's Parquet files lie."""
        return f"{self.results}/tables/{key}"


@dataclass(frozen=True)
class Refusal:
    """Why a solution isn't published."""

    message: str


def publish(spark: SparkSession, run: Run, solutions: manifest.Solutions) -> dict[str, Any]:
    """Do the whole job; return what publication.json says.

    Raises:
        ManifestError: the earlier manifest is none; nothing is changed then.
        UnreadableInputError: what a batch job was asked isn't there or can't be read.
        RuntimeError: a table doesn't hold what was counted.
    """
    spark = spark.newSession()
    for name, value in SETTINGS.items():
        spark.conf.set(name, value)
    earlier = manifest.parse_earlier(files.read_bytes(spark, run.manifest), run.manifest)
    # Consumers may be reading what is published: a run that is continued leaves it alone.
    recommended = [
        each
        for each in solutions.recommended
        if not manifest.is_published(earlier.get(each.key), run.name, each)
    ]
    # What an earlier attempt of this run left.
    tables = (run.table(each.key) for each in recommended)
    for url in (f"{run.results}/publication.json", *tables):
        files.delete(spark, url)
    outcomes = {each.key: _publish(spark, run, each) for each in recommended}
    refused = {key: each.message for key, each in outcomes.items() if isinstance(each, Refusal)}
    counts = {
        each.key: earlier[each.key]["counts"]
        for each in solutions.recommended
        if each.key not in outcomes
    }
    counts |= {key: _shown(each) for key, each in outcomes.items() if isinstance(each, Counts)}
    publication = {"run": run.name, "published": counts, "refused": refused}
    _write_json(spark, f"{run.results}/publication.json", publication)
    if counts:
        entries = {
            each.key: {
                "run": run.name,
                **each.manifest,
                "counts": counts[each.key],
                "results_prefix": f"{run.answers(each.key)}/",
                "table_prefix": f"{run.table(each.key)}/",
            }
            for each in solutions.recommended
            if each.key in counts
        }
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        document = manifest.compose(run.name, now, solutions.configured, earlier, entries)
        _write_json(spark, run.manifest, document)
    return publication


def _publish(spark: SparkSession, run: Run, solution: Recommended) -> Counts | Refusal:
    """Write the table of one solution, if its answers are complete."""
    folder = run.answers(solution.key)
    sizes = {url: size for url, size in files.sizes(spark, folder).items() if url.endswith(".out")}
    if not sizes:
        return Refusal(f"There is no .out file in {folder}/: the batch job wrote nothing there.")
    source = f"{run.transformed}/{solution.batch_input_folder}"
    if not files.sizes(spark, source):
        raise completeness.UnreadableInputError(
            f"{source}/, which {solution.key} was asked, holds no file. Correct"
            " --transformed_prefix, or the solution's batch_input_folder."
        )
    asked = answers.read_inputs(spark, source)
    answered = answers.read_answers(spark, sorted(sizes))
    counts = completeness.count(asked, answered, f"{source}/")
    message = completeness.refusal(counts, asked, answered, run.maximum_error_share)
    if message is not None:
        return Refusal(message)
    table = answers.recommendations(answered, counts.asked, has_themes=counts.has_themes)
    parts = math.ceil(max(sum(sizes.values()), 1) / BYTES_PER_FILE)
    url = run.table(solution.key)
    files.writer(table.coalesce(parts)).parquet(url)
    # Count what lies in the files, and not in the plan that wrote them.
    written = spark.read.schema(table.schema).parquet(url).count()
    if written != counts.recommendations:
        raise RuntimeError(
            f"{url} has {written:,} rows; {counts.recommendations:,} recommendations were counted."
            " Start the job again; if it stays, report it with the numbers."
        )
    return counts


def _shown(counts: Counts) -> dict[str, int]:
    names = ("inputs", "answered", "errors", "recommendations")
    return {name: getattr(counts, name) for name in names}


def _write_json(spark: SparkSession, url: str, document: dict[str, Any]) -> None:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    files.write_text(spark, url, f"{text}\n")


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share from 0 to 1")
    return share


def main(argv: Sequence[str] | None = None) -> None:
    """Run the job with Glue's arguments; the ones that Glue adds are ignored."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--run", required=True)
    parser.add_argument("--solutions", required=True)
    parser.add_argument("--transformed_prefix", required=True)
    parser.add_argument("--results_prefix", required=True)
    parser.add_argument("--manifest", required=True)
    parser.add_argument("--maximum_error_share", required=True, type=_share)
    arguments, _ = parser.parse_known_args(argv)
    run = Run(
        arguments.run,
        arguments.transformed_prefix.rstrip("/"),
        arguments.results_prefix.rstrip("/"),
        arguments.manifest,
        arguments.maximum_error_share,
    )
    solutions = manifest.parse_solutions(arguments.solutions)

    is_own_session = SparkSession.getActiveSession() is None
    spark = SparkSession.builder.getOrCreate()
    spark.sparkContext.setLogLevel("WARN")
    try:
        publication = publish(spark, run, solutions)
    finally:
        if is_own_session:
            spark.stop()
    for key, counts in publication["published"].items():
        print(f"{key}: " + ", ".join(f"{n} {what}" for what, n in counts.items()))  # noqa: T201
    for key, message in publication["refused"].items():
        print(f"{key} is refused: {message}")  # noqa: T201


if __name__ == "__main__":
    main()
