"""Whether a batch job answered what it was asked: everything, nothing else, and few errors.

A batch job ends as ACTIVE with errors in its output, so only a look at the output tells.
"""

from dataclasses import dataclass

from answers import ASKED_COLUMNS, IDENTITY
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - PySpark's own convention

SHOWN = 3  # examples, and texts of errors
SHOWN_CHARACTERS = 200

_OF_INPUTS = ("inputs", "unreadable_inputs")
_OF_ANSWERS = ("replies", "unreadable", "errors", "themes", "recommendations")


class UnreadableInputError(ValueError):
    """The input of a batch job, which the transform wrote, is not there or not usable."""


@dataclass(frozen=True)
class Counts:
    """The lines of one batch job."""

    inputs: int
    answered: int
    errors: int
    recommendations: int
    unreadable: int  # answers of no known shape
    missing: int  # inputs without an answer or error
    surplus: int  # answers and errors to no input
    asked: str  # the member that is asked about, a key of ASKED_COLUMNS
    has_themes: bool


def count(inputs: DataFrame, answers: DataFrame, source: str) -> Counts:
    """Count the frames of `answers.read_inputs` and `answers.read_answers` in one pass.

    Inputs and answers are compared as multisets: a line that occurs twice needs two answers.

    Args:
        inputs, answers: the frames.
        source: where the inputs lie, for messages.

    Raises:
        UnreadableInputError: there is no input, one can't be read, or they ask different things.
    """
    (total,) = (
        _by_identity(inputs, answers)
        .agg(
            *(F.sum(name).alias(name) for name in (*_OF_INPUTS, *_OF_ANSWERS)),
            F.sum(F.greatest(F.col("inputs") - F.col("replies"), F.lit(0))).alias("missing"),
            F.sum(F.greatest(F.col("replies") - F.col("inputs"), F.lit(0))).alias("surplus"),
            *(
                F.sum(F.when(F.col(name).isNotNull(), F.col("inputs")).otherwise(0)).alias(name)
                for name in ASKED_COLUMNS
            ),
        )
        .collect()
    )
    lines = total["inputs"] or 0
    asked = [name for name in ASKED_COLUMNS if total[name]]
    if total["unreadable_inputs"] or len(asked) != 1 or total[asked[0]] != lines:
        raise UnreadableInputError(
            f"{source} is not the input of a batch job: {lines:,} lines that ask,"
            f" {total['unreadable_inputs'] or 0:,} that don't, about"
            f" {' and '.join(asked) or 'nothing'}. Each line must ask about the same one of"
            f" {', '.join(ASKED_COLUMNS)}."
        )
    return Counts(
        inputs=lines,
        answered=total["replies"] - total["errors"],
        errors=total["errors"],
        recommendations=total["recommendations"],
        unreadable=total["unreadable"],
        missing=total["missing"],
        surplus=total["surplus"],
        asked=asked[0],
        has_themes=total["themes"] > 0,
    )


def _by_identity(inputs: DataFrame, answers: DataFrame) -> DataFrame:
    """Return IDENTITY and what there is of it; readable lines only, the others under null."""
    readable, is_error = F.col("is_readable"), F.col("error").isNotNull()
    identity = [F.when(readable, F.col(name)).alias(name) for name in IDENTITY]
    none = F.lit(0)
    asking = inputs.select(
        *identity,
        readable.cast("int").alias("inputs"),
        (~readable).cast("int").alias("unreadable_inputs"),
        *(none.alias(name) for name in _OF_ANSWERS),
    )
    answering = answers.select(
        *identity,
        *(none.alias(name) for name in _OF_INPUTS),
        readable.cast("int").alias("replies"),
        (~readable).cast("int").alias("unreadable"),
        (readable & is_error).cast("int").alias("errors"),
        (readable & F.col("theme").isNotNull()).cast("int").alias("themes"),
        F.when(readable & ~is_error, F.size("ids")).otherwise(0).alias("recommendations"),
    )
    sums = [F.sum(name).alias(name) for name in (*_OF_INPUTS, *_OF_ANSWERS)]
    return asking.unionByName(answering).groupBy(*IDENTITY).agg(*sums)


def refusal(
    counts: Counts, inputs: DataFrame, answers: DataFrame, maximum_error_share: float
) -> str | None:
    """Say why the answers can't be published, with numbers and examples; None if they can."""
    found = []
    if counts.unreadable:
        lines = answers.where(~F.col("is_readable")).select("line")
        found.append(
            f"{counts.unreadable:,} lines are no answers of a known shape, such as"
            f" {_examples(lines)}."
        )
    if counts.missing:
        found.append(
            f"{counts.missing:,} of {counts.inputs:,} input lines have no answer, such as"
            f" {_unmatched(inputs, answers, 'inputs', 'replies')}."
        )
    if counts.surplus:
        found.append(
            f"{counts.surplus:,} answers are to no input line, such as"
            f" {_unmatched(inputs, answers, 'replies', 'inputs')}."
        )
    share = counts.errors / counts.inputs
    if share > maximum_error_share:
        errors = answers.where("is_readable AND error IS NOT NULL").groupBy("error").count()
        frequent = errors.orderBy(F.desc("count"), "error").limit(SHOWN).collect()
        texts = ", ".join(f"{_shortened(row['error'])!r} {row['count']:,}" for row in frequent)
        found.append(
            f"{counts.errors:,} of {counts.inputs:,} inputs ({share:.2%}) ended with an error;"
            f" maximum_error_share allows {maximum_error_share:.2%}. The most frequent: {texts}."
        )
    return " ".join(found) or None


def _unmatched(inputs: DataFrame, answers: DataFrame, more: str, fewer: str) -> str:
    unmatched = _by_identity(inputs, answers).where(F.col(more) > F.col(fewer))
    return _examples(unmatched.select(F.to_json(F.struct(*IDENTITY)).alias("line")))


def _examples(lines: DataFrame) -> str:
    shown = lines.orderBy("line").limit(SHOWN).collect()
    return ", ".join(_shortened(row["line"]) for row in shown)


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
