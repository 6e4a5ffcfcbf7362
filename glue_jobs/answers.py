"""What batch jobs were asked and what they answered, in every shape that Personalize writes.

Developer Guide, "Batch inference job output examples" and "Batch segment job output examples".
The files of real jobs differ from them: segments are in `usersList`, not in `recommendedUsers`,
and those of item attributes keep their `input`.
"""

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - PySpark's own convention

# What is asked about, by the member of an input line: its column in a table.
ASKED_COLUMNS = {"userId": "user_id", "itemId": "item_id", "itemAttributes": "item_attributes"}
# What tells one input from another; the values of a filter don't.
IDENTITY = [*ASKED_COLUMNS, "itemList"]

_INPUT = "userId string, itemId string, itemAttributes string, itemList array<string>"
_OUTPUT = (
    "recommendedItems array<string>, usersList array<string>, recommendedUsers array<string>,"
    " scores array<double>, theme string, itemsThemeRelevanceScores array<double>"
)
_MALFORMED = "_malformed"
_FROM_JSON = {"columnNameOfCorruptRecord": _MALFORMED}


def read_inputs(spark: SparkSession, url: str) -> DataFrame:
    """Return the lines that a batch job was asked.

    The columns are IDENTITY (null where absent) and `is_readable`: whether the line asks something.
    """
    lines = _lines(spark, [url])
    schema = f"{_INPUT}, {_MALFORMED} string"
    parsed = lines.select(F.from_json("line", schema, _FROM_JSON).alias("json"))
    members = [F.col(f"json.{name}").alias(name) for name in IDENTITY]
    is_whole = F.col(f"json.{_MALFORMED}").isNull()
    return parsed.select(*members, (is_whole & _asks(F.col("json"))).alias("is_readable"))


def read_answers(spark: SparkSession, urls: list[str]) -> DataFrame:
    """Return the lines of .out files, a row each.

    The columns are `line`, IDENTITY, `ids` (array<string>, the best first), `scores` and
    `theme_scores` (array<double>, null where Personalize gives none), `theme`, `error` (null if
    there is none) and `is_readable`: whether the line is an answer of a known shape.
    """
    # A segment of item attributes is documented without `input`.
    schema = (
        f"input struct<{_INPUT}>, itemAttributes string, output struct<{_OUTPUT}>, error string,"
        f" {_MALFORMED} string"
    )
    parsed = _lines(spark, urls).select(
        "line", F.from_json("line", schema, _FROM_JSON).alias("json")
    )
    output = F.col("json.output")
    ids = F.coalesce(output.recommendedItems, output.usersList, output.recommendedUsers)
    error = F.col("json.error")
    attributes = F.coalesce("json.input.itemAttributes", "json.itemAttributes")
    is_answer = F.coalesce(
        error.isNotNull()
        | (
            (_asks(F.col("json.input")) | attributes.isNotNull())
            & ~F.exists(ids, lambda each: each.isNull())
            & _is_as_long(output.scores, ids)
            & _is_as_long(output.itemsThemeRelevanceScores, ids)
        ),
        F.lit(False),
    )
    return parsed.select(
        "line",
        F.col("json.input.userId").alias("userId"),
        F.col("json.input.itemId").alias("itemId"),
        attributes.alias("itemAttributes"),
        F.col("json.input.itemList").alias("itemList"),
        ids.alias("ids"),
        output.scores.alias("scores"),
        output.itemsThemeRelevanceScores.alias("theme_scores"),
        output.theme.alias("theme"),
        error.alias("error"),
        (F.col(f"json.{_MALFORMED}").isNull() & is_answer).alias("is_readable"),
    )


def recommendations(answers: DataFrame, asked: str, *, has_themes: bool) -> DataFrame:
    """Return a row for each recommendation, in the columns of a table.

    Args:
        answers: of `read_answers`.
        asked: the member of the input that was asked about, a key of ASKED_COLUMNS.
        has_themes: whether the table has a theme and each item's relevance for it.
    """
    names = ["ids", "scores", *(["theme_scores"] if has_themes else [])]
    nothing = F.array().cast("array<double>")  # zipping anything with null gives null
    lists = [F.coalesce(F.col(name), nothing).alias(name) for name in names[1:]]
    answered = answers.where(F.col("error").isNull())
    ranked = answered.select(
        F.col(asked).alias(ASKED_COLUMNS[asked]),
        "theme",
        F.posexplode(F.arrays_zip("ids", *lists)).alias("position", "each"),
    )
    themes = [F.col("theme"), F.col("each.theme_scores").alias("theme_relevance_score")]
    return ranked.select(
        ASKED_COLUMNS[asked],
        (F.col("position") + 1).alias("rank"),
        F.col("each.ids").alias("recommended_id"),
        F.col("each.scores").alias("score"),
        *(themes if has_themes else []),
    )


def _lines(spark: SparkSession, urls: list[str]) -> DataFrame:
    lines = spark.read.text(urls, lineSep="\n").withColumnRenamed("value", "line")
    return lines.where(F.trim("line") != "")


def _asks(given: Column) -> Column:
    return F.coalesce(*(given[name] for name in ASKED_COLUMNS)).isNotNull()


def _is_as_long(numbers: Column, ids: Column) -> Column:
    return numbers.isNull() | (F.size(numbers) == F.size(ids))
