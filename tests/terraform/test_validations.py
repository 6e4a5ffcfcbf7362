"""Bad input is refused at plan time, with a message that says what to write instead.

Validations look at variables and recipes only. So these are planned on their own, where no provider
has to start: 50 ms a case. That the whole module refuses is shown by validations.tftest.hcl, under
`terraform test`.
"""

import importlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from batchrec.errors import BatchrecError
from batchrec.terraform.workspace import Workspace

NAME = "Choose a name of 3 to 35 lower-case letters, digits and single hyphens"
RELEASE = 'Set glue.version to "5.0"'
WORKER_TYPE = "Set glue.worker_type to G.1X, G.2X, G.4X, G.8X, G.12X, G.16X, R.1X"
EXECUTION_CLASS = "Set glue.execution_class to STANDARD, or to FLEX with the worker type G.1X or"
ARGUMENTS = "Give in glue.arguments job parameters that begin with two hyphens"
BUCKET = "Set existing_bucket.name to the name of a bucket"
PREFIX = "Leave existing_bucket.prefix out, or set it to folders with a slash after each"
ROLE_PATH = "Set iam_roles.path to a path that begins and ends with a slash"
BOUNDARY = "Set iam_roles.permissions_boundary_arn to the ARN of a managed policy"
KMS_KEY = "Set each of kms_key_arns to the ARN of a key"
TAGS = "Give at most 50 tags"
WORKERS = "Set glue.number_of_workers to a whole number of at least 2"
TIMEOUT = "Set glue.timeout_minutes to a whole number from 1 to 2880"
RETENTION = "Set log_retention_days to a period that CloudWatch Logs offers"
EXPRESSION = "Set schedule.expression to cron(minutes hours day-of-month month day-of-week year)"
TIME_ZONE = "Set schedule.time_zone to a name of the IANA time zone database"
WINDOW = "Set schedule.flexible_window_minutes to a whole number from 1 to 1440"
MOMENTS = "Set schedule.start_date and end_date to moments in UTC such as"
ORDER = "Set schedule.end_date to a later moment than schedule.start_date"
ONCE = "Leave start_date and end_date out of a schedule that is at one moment"
MARKER = "Set start_on_new_data.marker to a file name of 2 to 100 letters, digits, underscores,"
ADDRESS = "Set each of monitoring.email_addresses to an address such as"
OWN_TOPIC = "Leave monitoring.email_addresses out if topic_arn is set"
DAYS = "Set monitoring.maximum_days_without_success to a whole number from 1 to 7"
DURATION = "Set monitoring.maximum_duration_hours to a number of hours above 0"
TOPIC = "Set monitoring.topic_arn to the ARN of a standard SNS topic"
SOLUTIONS = "Configure 1 to 20 solutions"
KEY = "Give each solution a key of 2 to 20 lower-case letters, digits and hyphens"
RECIPE = "Set each recipe to one that runs in a batch"
RESULTS = "Set number_of_results to a whole number from 1 to 500, and of segments to 5,000,000"
ASKED = "Set each solution's batch_input to a key of batch_inputs with what its recipe is asked"
MODE = "Set training.mode to FULL, or to UPDATE with the recipe aws-user-personalization"
REUSE = "Set training.reuse_days to a number of days, or to 0"
EVENT_TYPE = "Leave event_type out of solutions, or configure interactions.event_type"
THRESHOLD = "Leave event_value_threshold out of solutions, or import interactions.event_value"
FILTER = "Set filter to an expression of 1 to 2500 characters, or leave it out"
THEMES = "Set themes_item_name only with the recipe aws-similar-items, and to one of the columns"
AFFINITY = "Configure items with at least one column in items.metadata that is not textual"
METRICS = "Name in quality_gate metrics that Personalize computes"
DROP = "Set each of quality_gate.maximum_drop to a share from 0 to 1"
DEADLINES = "Set each of deadlines to 1 to 24 hours"
SHARE = "Set maximum_quarantined_share to a number from 0 to 1"
ERROR_SHARE = "Set maximum_error_share to a number from 0 to 1"

# Of interactions, users and items alike.
FOLDER = "Set {}.folder to a folder below raw/, without a slash at either end"
OWN_FOLDER = "Give {}.folder a folder of its own"
FORMAT = "Set {}.format.type to csv, json or parquet, and {}.format.encoding to UTF-8 or"
CSV_ONLY = "Leave column_names, delimiter, escape, multiline and quote out of {}.format"
CHARACTERS = "Set {}.format.delimiter and escape to one character each, and quote to one or to none"
COLUMN_NAMES = "Name every column of the files once in {}.format.column_names"
UNIT = "Set {} to auto, seconds, milliseconds, microseconds or iso8601, or leave it out and set a"
DATES = "Set interactions.timestamp.not_before and before to dates such as 2024-01-31"
NO_DATES = "Leave not_before and before out of items.creation_timestamp"
METADATA_NAMES = "Name each of {}.metadata with 1 to 150 letters, digits and underscores"
METADATA = "Give each of {}.metadata the type string, int, long, float, double or boolean and"
METADATA_COUNTS = {
    "interactions": "Configure at most 5 columns in interactions.metadata",
    "users": "Configure 1 to 25 columns in users.metadata",
    "items": "Configure 1 to 100 columns in items.metadata, at most one of them textual",
}

USABLE_ITEMS = "Configure at least one column in items.metadata that is categorical, textual"
USABLE_USERS = "Configure at least one column in users.metadata that is categorical or a number"

INPUT_KEY = "Give each batch input a key of 1 to 30 lower-case letters, digits and underscores"
INPUT_KIND = "Set the kind of each batch input to users, items or item_attributes"
INPUT_MEMBERS = "Give a batch input only what its kind takes"
INPUT_CHOICES = "Choose whom or what a batch input asks about with one of ids, active_days,"
INPUT_IDS = "Leave ids and item_list of a batch input out, or name at least one id"
INPUT_ATTRIBUTES = "Set item_attributes of each batch input of that kind to 1 to 10 expressions"
INPUT_NUMBERS = "Set active_days and most_frequent of a batch input to whole numbers of at least 1"
INPUT_DATE = "Set active_since of a batch input to a date such as 2024-01-31"

VALID: dict[str, dict[str, Any]] = {
    "interactions": {},
    "users": {"metadata": [{"name": "AGE", "type": "int"}]},
    "items": {"metadata": [{"name": "GENRES", "categorical": True}]},
}


DEFAULT = "aws-user-personalization"
ITEMS = {"items": {"metadata": [{"name": "TITLE"}, {"name": "YEAR", "type": "int"}]}}
ASKING_ITEMS = {"batch_inputs": {"films": {"kind": "items"}}}
ALIKE = {"recipe": "aws-similar-items", "batch_input": "films"}
ATTRIBUTES = {"kind": "item_attributes", "item_attributes": ['ITEMS.GENRES = "Drama"']}
ASKING_ATTRIBUTES = {"batch_inputs": {"tastes": ATTRIBUTES}}
FANS = {"recipe": "aws-item-attribute-affinity", "batch_input": "tastes"}
TIME_ZONES = "modules/schedule/time_zones.json"
ALERTS = "arn:aws:sns:eu-central-1:123456789012:alerts"

# EventBridge Scheduler User Guide, Schedule types: its own examples, and what its tables allow.
EXPRESSIONS = [
    "cron(15 10 ? * 6L 2022-2023)",
    "cron(0/15 8-17 ? * MON-FRI *)",
    "cron(0 10 * * ? *)",
    "cron(15,45 0 L * ? *)",
    "cron(0 18 3W JAN,APR,JUL,OCT ? 2030/2)",
    "cron(5 08 ? 1-6 2#1,4#3 *)",
    "cron(59 23 31 12 ? 2199)",
    "rate(5 minutes)",
    "rate(1 day)",
    "rate(1 hour)",
    "rate(36 hours)",
    "at(2022-11-20T13:00:00)",
    "at(2028-02-29T23:59:59)",
]
NO_EXPRESSIONS = [
    "0 3 ? * SUN *",
    "cron(0 3 * * SUN)",
    "cron(0 3 ? * SUN * *)",
    "cron(0 3  ? * SUN)",
    "cron(0 3 ? * SUN *) ",
    # Exactly one of the two days is a question mark.
    "cron(0 3 * * * *)",
    "cron(0 3 * * SUN *)",
    "cron(0 3 ? * ? *)",
    # What each field can be.
    "cron(60 3 ? * SUN *)",
    "cron(-1 3 ? * SUN *)",
    "cron(? 3 ? * SUN *)",
    "cron(0 24 ? * SUN *)",
    "cron(0 3 0 * ? *)",
    "cron(0 3 32 * ? *)",
    "cron(0 3 1 13 ? *)",
    "cron(0 3 1 JANUARY ? *)",
    "cron(0 3 ? * 0 *)",
    "cron(0 3 ? * 8 *)",
    "cron(0 3 ? * SUNDAY *)",
    "cron(0 3 ? * MON/2 *)",
    "cron(0 3 ? * MON#6 *)",
    "cron(0 3 ? * SUN 1969)",
    "cron(0 3 ? * SUN 2200)",
    "cron(0/0 3 ? * SUN *)",
    "cron(0, 3 ? * SUN *)",
    "cron(1-2-3 3 ? * SUN *)",
    "cron(@daily)",
    "rate(7)",
    "rate(0 days)",
    "rate(1 week)",
    "rate(1 days)",
    "rate(2 day)",
    "rate(1.5 hours)",
    "rate(01 hours)",
    "at(2030-01-01)",
    "at(2030-01-01T::::::::)",
    "at(2030-01-01T03:00:00Z)",
    "at(2030-02-29T03:00:00)",
    "at(2030-01-01T24:00:00)",
]


def of_each(members: dict[str, Any], message: str) -> list[tuple[dict[str, Any], str]]:
    return [({name: valid | members}, message.replace("{}", name)) for name, valid in VALID.items()]


def formats(form: dict[str, Any], message: str) -> list[tuple[dict[str, Any], str]]:
    return of_each({"format": form}, message)


def metadata(column: dict[str, Any], message: str) -> list[tuple[dict[str, Any], str]]:
    return of_each(
        {"metadata": [{"name": "PLACE", "categorical": True}, {"name": "SIZE"} | column]}, message
    )


def asking(batch_input: dict[str, Any]) -> dict[str, Any]:
    return {"batch_inputs": {"users": {}, "more": batch_input}}


def columns(count: int) -> list[dict[str, Any]]:
    """One of them a number: Personalize wants a usable one of users and items."""
    return [{"name": f"COLUMN_{n}"} | ({"type": "int"} if n == 0 else {}) for n in range(count)]


REFUSED: list[tuple[dict[str, Any], str]] = [
    # Bucket names: no capital, no underscore (S3 User Guide, General purpose bucket naming rules).
    ({"name": "Movies"}, NAME),
    ({"name": "my_movies"}, NAME),
    ({"name": "movies.eu"}, NAME),
    ({"name": "-movies"}, NAME),
    ({"name": "movies-"}, NAME),
    ({"name": "my--movies"}, NAME),
    ({"name": "ab"}, NAME),
    ({"name": "a" * 36}, NAME),
    ({"name": ""}, NAME),
    ({"name": "movies\n"}, NAME),
    ({"name": None}, "Required variable not set"),
    ({"glue": {"version": "4.0"}}, RELEASE),
    ({"glue": {"worker_type": "Standard"}}, WORKER_TYPE),
    ({"glue": {"worker_type": "g.1x"}}, WORKER_TYPE),
    ({"glue": {"execution_class": "SPOT"}}, EXECUTION_CLASS),
    # Glue Developer Guide, Glue versions and job types: flexible execution has these two only.
    ({"glue": {"execution_class": "FLEX", "worker_type": "G.4X"}}, EXECUTION_CLASS),
    ({"glue": {"arguments": {"conf": "spark.a=b"}}}, ARGUMENTS),
    ({"glue": {"arguments": {"--configuration": "{}"}}}, ARGUMENTS),
    ({"glue": {"arguments": {"--run": "mine"}}}, ARGUMENTS),
    ({"existing_bucket": {"name": "s3://data-lake"}}, BUCKET),
    ({"existing_bucket": {"name": "arn:aws:s3:::data-lake"}}, BUCKET),
    ({"existing_bucket": {"name": "Lake"}}, BUCKET),
    ({"existing_bucket": {"name": "data-lake", "prefix": "shop"}}, PREFIX),
    ({"existing_bucket": {"name": "data-lake", "prefix": "/shop/"}}, PREFIX),
    ({"existing_bucket": {"name": "data-lake", "prefix": "a//b/"}}, PREFIX),
    ({"existing_bucket": {"name": "data-lake", "prefix": "../"}}, PREFIX),
    ({"iam_roles": {"path": "platform"}}, ROLE_PATH),
    ({"iam_roles": {"path": ""}}, ROLE_PATH),
    ({"iam_roles": {"path": "//"}}, ROLE_PATH),
    ({"iam_roles": {"permissions_boundary_arn": "boundary"}}, BOUNDARY),
    ({"iam_roles": {"permissions_boundary_arn": "arn:aws:iam::123456789012:role/a"}}, BOUNDARY),
    ({"kms_key_arns": {"bucket": "alias/shop"}}, KMS_KEY),
    ({"kms_key_arns": {"logs": "arn:aws:kms:us-east-1:123456789012:alias/shop"}}, KMS_KEY),
    ({"kms_key_arns": {"messages": "1234abcd-12ab-34cd-56ef-1234567890ab"}}, KMS_KEY),
    ({"kms_key_arns": {"dataset_group": ""}}, KMS_KEY),
    ({"tags": {"aws:team": "shop"}}, TAGS),
    ({"tags": {"AWS:team": "shop"}}, TAGS),
    ({"tags": {"": "shop"}}, TAGS),
    ({"tags": {"team": "shop#1"}}, TAGS),
    ({"tags": {"team": "x" * 257}}, TAGS),
    ({"tags": {f"tag-{number}": "" for number in range(51)}}, TAGS),
    ({"glue": {"number_of_workers": 1}}, WORKERS),
    ({"glue": {"number_of_workers": 2.5}}, WORKERS),
    ({"glue": {"number_of_workers": "two"}}, "a number is required"),
    ({"glue": {"timeout_minutes": 0}}, TIMEOUT),
    ({"glue": {"timeout_minutes": 2881}}, TIMEOUT),
    ({"glue": {"timeout_minutes": 0.5}}, TIMEOUT),
    ({"interactions": {"folder": "a//b"}}, FOLDER.format("interactions")),
    ({"interactions": {"folder": "s3://bucket/raw"}}, FOLDER.format("interactions")),
    ({"items": {"metadata": [{"name": "A"}, {"name": "B", "type": "boolean"}]}}, USABLE_ITEMS),
    ({"users": {"metadata": [{"name": "A"}, {"name": "B", "type": "boolean"}]}}, USABLE_USERS),
    *of_each({"folder": ""}, FOLDER),
    *of_each({"folder": "/ratings"}, FOLDER),
    *of_each({"folder": "ratings/"}, FOLDER),
    *of_each({"folder": "../curated"}, FOLDER),
    *(
        ({"interactions": {"folder": "a/b"}, name: VALID[name] | {"folder": folder}}, message)
        for name in ("users", "items")
        for folder in ("a", "a/b", "a/b/c")
        for message in [OWN_FOLDER.format(name)]
    ),
    (
        {"users": VALID["users"], "items": VALID["items"] | {"folder": "users/items"}},
        OWN_FOLDER.format("items"),
    ),
    *formats({"type": "avro"}, FORMAT),
    *formats({"encoding": "latin1"}, FORMAT),
    *formats({"type": "json", "delimiter": ";"}, CSV_ONLY),
    *formats({"type": "json", "quote": ""}, CSV_ONLY),
    *formats({"type": "json", "escape": "\\"}, CSV_ONLY),
    *formats({"type": "parquet", "multiline": True}, CSV_ONLY),
    *formats({"type": "parquet", "column_names": ["USER_ID"]}, CSV_ONLY),
    *formats({"delimiter": ""}, CHARACTERS),
    *formats({"delimiter": "\\t"}, CHARACTERS),
    *formats({"delimiter": "\n"}, CHARACTERS),
    *formats({"delimiter": "\r\n"}, CHARACTERS),
    *formats({"quote": "''"}, CHARACTERS),
    *formats({"escape": ""}, CHARACTERS),
    *formats({"delimiter": '"', "escape": "\\"}, CHARACTERS),
    *formats({"delimiter": "\\", "escape": "\\"}, CHARACTERS),
    *formats({"quote": "", "multiline": True}, CHARACTERS),
    *formats({"column_names": []}, COLUMN_NAMES),
    *formats({"column_names": ["USER_ID", "USER_ID"]}, COLUMN_NAMES),
    *(
        (values, UNIT.format(where))
        for timestamp in ({"unit": "days"}, {"unit": "seconds", "pattern": "yyyy"})
        for values, where in [
            ({"interactions": {"timestamp": timestamp}}, "interactions.timestamp.unit"),
            (
                {"items": VALID["items"] | {"creation_timestamp": timestamp}},
                "items.creation_timestamp.unit",
            ),
        ]
    ),
    ({"interactions": {"timestamp": {"not_before": "2024"}}}, DATES),
    ({"interactions": {"timestamp": {"not_before": ""}}}, DATES),
    ({"interactions": {"timestamp": {"before": "2024-01-31 00:00"}}}, DATES),
    ({"items": VALID["items"] | {"creation_timestamp": {"before": "2024-01-31"}}}, NO_DATES),
    *metadata({"name": ""}, METADATA_NAMES),
    *metadata({"name": "1ST"}, METADATA_NAMES),
    *metadata({"name": "SIZE-EU"}, METADATA_NAMES),
    *metadata({"name": "S" * 151}, METADATA_NAMES),
    *metadata({"name": "PLACE"}, METADATA_NAMES),
    *metadata({"name": "PLA_CE"}, METADATA_NAMES),
    *metadata({"name": "place"}, METADATA_NAMES),
    *metadata({"name": "ITEM_ID"}, METADATA_NAMES),
    *metadata({"name": "USERID"}, METADATA_NAMES),
    *metadata({"name": "Timestamp"}, METADATA_NAMES),
    *metadata({"name": "EVENT_TYPE"}, METADATA_NAMES),
    *metadata({"name": "EVENT_VALUE"}, METADATA_NAMES),
    *metadata({"name": "CREATION_TIMESTAMP"}, METADATA_NAMES),
    *metadata({"name": "IMPRESSION"}, METADATA_NAMES)[1:],
    *metadata({"name": "RECOMMENDATION_ID"}, METADATA_NAMES)[1:],
    *metadata({"type": "number"}, METADATA),
    *metadata({"separator": ""}, METADATA),
    *metadata({"categorical": True, "type": "int"}, METADATA),
    *metadata({"textual": True}, METADATA)[:2],
    *metadata({"textual": True, "type": "int"}, METADATA)[2:],
    *metadata({"textual": True, "categorical": True}, METADATA)[2:],
    *metadata({"name": "IMPRESSION", "categorical": True}, METADATA)[:1],
    *metadata({"name": "EVENT_ATTRIBUTION_SOURCE", "type": "int"}, METADATA)[:1],
    *(
        ({name: {"metadata": columns(count)}}, METADATA_COUNTS[name])
        for name, counts in [("interactions", [6]), ("users", [0, 26]), ("items", [0, 101])]
        for count in counts
    ),
    (
        {"items": {"metadata": [{"name": name, "textual": True} for name in ("PLOT", "PRAISE")]}},
        METADATA_COUNTS["items"],
    ),
    (
        {
            "interactions": {
                "event_type": {"column": "event", "allowed": list("abcdefgh")},
                "metadata": columns(2),
            }
        },
        METADATA_COUNTS["interactions"],
    ),
    (
        {
            "interactions": {
                "event_type": {"column": "event", "allowed": list("abcdefg")},
                "event_value": {"column": "rating"},
                "metadata": columns(2),
            }
        },
        METADATA_COUNTS["interactions"],
    ),
    ({"interactions": {"event_type": {}}}, 'attribute "column" is required'),
    (
        {"interactions": {"event_value": {"column": "rating", "minimum": "high"}}},
        "a number is required",
    ),
    ({"batch_inputs": {"users": {}, "More": {}}}, INPUT_KEY),
    ({"batch_inputs": {"users": {}, "_more": {}}}, INPUT_KEY),
    ({"batch_inputs": {"users": {}, "": {}}}, INPUT_KEY),
    ({"batch_inputs": {"users": {}, "m" * 31: {}}}, INPUT_KEY),
    (asking({"kind": "user"}), INPUT_KIND),
    (asking({"kind": "items", "active_days": 3}), INPUT_MEMBERS),
    (asking({"kind": "items", "active_since": "2024-01-31"}), INPUT_MEMBERS),
    (asking({"kind": "items", "item_list": ["1"]}), INPUT_MEMBERS),
    (asking({"item_attributes": ["Items.PRICE > 5"]}), INPUT_MEMBERS),
    (
        asking({"kind": "item_attributes", "item_attributes": ["x"], "most_frequent": 3}),
        INPUT_MEMBERS,
    ),
    (asking({"ids": ["1"], "active_days": 3}), INPUT_CHOICES),
    (asking({"most_frequent": 3, "active_since": "2024-01-31"}), INPUT_CHOICES),
    (asking({"ids": []}), INPUT_IDS),
    (asking({"item_list": []}), INPUT_IDS),
    (asking({"kind": "item_attributes"}), INPUT_ATTRIBUTES),
    (asking({"kind": "item_attributes", "item_attributes": []}), INPUT_ATTRIBUTES),
    (asking({"kind": "item_attributes", "item_attributes": ["x"] * 11}), INPUT_ATTRIBUTES),
    (asking({"active_days": 0}), INPUT_NUMBERS),
    (asking({"active_days": 1.5}), INPUT_NUMBERS),
    (asking({"kind": "items", "most_frequent": 0}), INPUT_NUMBERS),
    (asking({"active_since": "31.1.2024"}), INPUT_DATE),
    ({"maximum_quarantined_share": -0.01}, SHARE),
    ({"maximum_quarantined_share": 1.01}, SHARE),
    ({"maximum_error_share": -0.01}, ERROR_SHARE),
    ({"maximum_error_share": 1.01}, ERROR_SHARE),
    ({"log_retention_days": 0}, RETENTION),
    ({"log_retention_days": 8}, RETENTION),
    *(({"schedule": {"expression": expression}}, EXPRESSION) for expression in NO_EXPRESSIONS),
    ({"schedule": {"time_zone": "Europe/Bärlin"}}, TIME_ZONE),
    ({"schedule": {"time_zone": "europe/berlin"}}, TIME_ZONE),
    ({"schedule": {"time_zone": "UTC+1"}}, TIME_ZONE),
    ({"schedule": {"time_zone": ""}}, TIME_ZONE),
    ({"schedule": {"flexible_window_minutes": 0}}, WINDOW),
    ({"schedule": {"flexible_window_minutes": 1441}}, WINDOW),
    ({"schedule": {"flexible_window_minutes": 1.5}}, WINDOW),
    ({"schedule": {"start_date": "2030-01-31"}}, MOMENTS),
    ({"schedule": {"start_date": "2030-02-30T00:00:00Z"}}, MOMENTS),
    ({"schedule": {"end_date": "2030-01-31T00:00:00"}}, MOMENTS),
    ({"schedule": {"end_date": "2030-01-31T00:00:00+01:00"}}, MOMENTS),
    *(
        ({"schedule": {"start_date": "2030-01-31T00:00:00Z", "end_date": end}}, ORDER)
        for end in ("2030-01-31T00:00:00Z", "2029-12-31T23:59:59Z")
    ),
    *(
        (
            {"schedule": {"expression": "at(2030-01-01T00:00:00)", date: "2030-01-31T00:00:00Z"}},
            ONCE,
        )
        for date in ("start_date", "end_date")
    ),
    ({"start_on_new_data": {"marker": "READY"}}, MARKER),  # Spark would read it
    ({"start_on_new_data": {"marker": "_"}}, MARKER),
    ({"start_on_new_data": {"marker": "_READY*"}}, MARKER),
    ({"start_on_new_data": {"marker": "_in/_READY"}}, MARKER),
    ({"start_on_new_data": {"marker": "_" * 101}}, MARKER),
    *(
        ({"monitoring": {"email_addresses": ["team@example.com", address]}}, ADDRESS)
        for address in ("team", "@example.com", "team@example", "a b@example.com", "a@b@c.de", "")
    ),
    ({"monitoring": {"email_addresses": ["a@example.com"], "topic_arn": ALERTS}}, OWN_TOPIC),
    ({"monitoring": {"maximum_days_without_success": 0}}, DAYS),
    ({"monitoring": {"maximum_days_without_success": 8}}, DAYS),
    ({"monitoring": {"maximum_days_without_success": 2.5}}, DAYS),
    ({"monitoring": {"maximum_duration_hours": 0}}, DURATION),
    ({"monitoring": {"maximum_duration_hours": -1}}, DURATION),
    *(
        ({"monitoring": {"topic_arn": arn}}, TOPIC)
        for arn in ("alerts", f"{ALERTS}.fifo", ALERTS.replace(":sns:", ":sqs:"), f"{ALERTS}:1-2-3")
    ),
    ({"solutions": {}}, SOLUTIONS),
    ({"solutions": {f"solution-{number}": {} for number in range(21)}}, SOLUTIONS),
    ({"solutions": {"s": {}}}, KEY),
    ({"solutions": {"s" * 21: {}}}, KEY),
    ({"solutions": {"Users": {}}}, KEY),
    ({"solutions": {"for_users": {}}}, KEY),
    ({"solutions": {"users-": {}}}, KEY),
    ({"solutions": {"good": {}, "Bad": {}}}, KEY),
    *(
        ({"solutions": {"users": {"recipe": recipe}}}, RECIPE)
        for recipe in (
            "aws-trending-now",
            "aws-next-best-action",
            "aws-ecomm-recommended-for-you",
            "aws-hrnn",
            "user-personalization",
        )
    ),
    ({"solutions": {"users": {"number_of_results": 0}}}, RESULTS),
    ({"solutions": {"users": {"number_of_results": 501}}}, RESULTS),
    ({"solutions": {"users": {"number_of_results": 2.5}}}, RESULTS),
    (ASKING_ITEMS | {"solutions": {"like": ALIKE | {"number_of_results": 501}}}, RESULTS),
    ({"solutions": {"users": {"batch_input": "nobody"}}}, ASKED),
    ({"solutions": {"users": {"recipe": "aws-item-affinity"}}}, ASKED),
    ({"solutions": {"users": {"recipe": "aws-personalized-ranking"}}}, ASKED),
    ({"solutions": {"users": {"recipe": "aws-item-attribute-affinity"}}, **ITEMS}, ASKED),
    ({"batch_inputs": {"users": {"item_list": ["1"]}}}, ASKED),
    ({"solutions": {"users": {"training": {"mode": "AUTOTRAIN"}}}}, MODE),
    (
        {"solutions": {"v2": {"recipe": f"{DEFAULT}-v2", "training": {"mode": "UPDATE"}}}},
        MODE,
    ),
    ({"solutions": {"users": {"training": {"reuse_days": -1}}}}, REUSE),
    ({"solutions": {"users": {"event_type": "click"}}}, EVENT_TYPE),
    ({"solutions": {"users": {"event_value_threshold": 3}}}, THRESHOLD),
    (
        {
            "solutions": {"users": {"event_value_threshold": 3}},
            "interactions": {"event_value": {"column": "rating", "imported": False}},
        },
        THRESHOLD,
    ),
    ({"solutions": {"users": {"filter": ""}}}, FILTER),
    ({"solutions": {"users": {"filter": "x" * 2501}}}, FILTER),
    (ASKING_ITEMS | {"solutions": {"like": ALIKE | {"themes_item_name": "TITLE"}}}, THEMES),
    (ASKING_ITEMS | ITEMS | {"solutions": {"like": ALIKE | {"themes_item_name": "X"}}}, THEMES),
    (ITEMS | {"solutions": {"users": {"themes_item_name": "TITLE"}}}, THEMES),
    (ASKING_ATTRIBUTES | {"solutions": {"fans": FANS}}, AFFINITY),
    (
        ASKING_ATTRIBUTES
        | {"solutions": {"fans": FANS}}
        | {"items": {"metadata": [{"name": "PLOT", "textual": True}]}},
        AFFINITY,
    ),
    ({"solutions": {"users": {"quality_gate": {"minimum": {"ndcg": 0.1}}}}}, METRICS),
    (
        {"solutions": {"users": {"quality_gate": {"maximum_drop": {"recall_at_1_percent": 0.1}}}}},
        METRICS,
    ),
    ({"solutions": {"users": {"quality_gate": {"maximum_drop": {"coverage": 20}}}}}, DROP),
    ({"deadlines": {"training_hours": 25}}, DEADLINES),
    ({"deadlines": {"import_hours": 0}}, DEADLINES),
    ({"batch_inputs": {}}, ASKED),
    ({"batch_inputs": {"users": {"kind": "items"}}}, ASKED),
]

ACCEPTED: list[dict[str, Any]] = [
    {"name": "abc"},
    {"name": "a" * 35},
    {"name": "7-days-of-movies"},
    {"glue": {"worker_type": "R.8X"}},
    {"glue": {"execution_class": "FLEX", "worker_type": "G.2X", "auto_scaling": True}},
    {"glue": {"arguments": {"--conf": "spark.sql.ansi.enabled=true", "--enable-spark-ui": "true"}}},
    {"existing_bucket": {"name": "data.lake-1"}},
    {"existing_bucket": {"name": "data-lake", "prefix": "teams/shop_eu/v=1/"}},
    {"iam_roles": {"path": "/platform/shop/"}},
    {"iam_roles": {"permissions_boundary_arn": "arn:aws-cn:iam::123456789012:policy/a/b"}},
    {"kms_key_arns": {"bucket": "arn:aws:kms:eu-west-1:123456789012:key/mrk-0123456789abcdef"}},
    {"tags": {"cost-centre": "42", "Büro / Team": "a+b=c@d.e:_ "}},
    {"glue": {"worker_type": "G.8X", "number_of_workers": 299, "timeout_minutes": 2880}},
    {"glue": {"number_of_workers": 2, "timeout_minutes": 1}},
    {"interactions": {"folder": "year=2030/part-1.v2"}},
    {"interactions": {"event_value": {"column": "rating", "minimum": 0, "imported": False}}},
    {
        "interactions": {
            "event_type": {"column": "event", "allowed": ["a", "a", *"bcdefg"]},
            "metadata": [*columns(2), {"name": "IMPRESSION"}],
        }
    },
    {
        "interactions": {
            "metadata": [*columns(5), {"name": "IMPRESSION"}, {"name": "RECOMMENDATION_ID"}]
        }
    },
    {"interactions": {"timestamp": {"pattern": "dd.MM.yyyy", "not_before": "2024-01-31"}}},
    {"interactions": {"timestamp": {"before": "2024-01-31T00:00:00+01:00"}}},
    {"interactions": {"folder": "a"}, "users": VALID["users"] | {"folder": "ab"}},
    {"users": {"metadata": columns(25)}, "items": {"metadata": columns(100)}},
    {"items": {"creation_timestamp": {"unit": "iso8601"}, "metadata": columns(1)}},
    {"items": {"metadata": [{"name": "PLOT", "textual": True}, {"name": "A" * 150}]}},
    *(case for case, _ in formats({"delimiter": "\t", "quote": ""}, "")),
    *(case for case, _ in formats({"delimiter": "ß", "encoding": "ISO-8859-1"}, "")),
    *(case for case, _ in formats({"column_names": ["A", "B"], "multiline": True}, "")),
    *(case for case, _ in formats({"type": "parquet"}, "")),
    *(case for case, _ in metadata({"required": True, "type": "boolean"}, "")),
    {
        "batch_inputs": {"3_days": {"active_days": 3}},
        "solutions": {"s3": {"batch_input": "3_days"}},
    },
    {"batch_inputs": {"users": {"ids": ["1"], "filter_values": {"GENRE": ["Drama"]}}}},
    asking({"kind": "items", "most_frequent": 10}),
    asking({"kind": "item_attributes", "item_attributes": ["x"] * 10}),
    asking({"item_list": ["1"], "active_since": "2024-01-31T00:00:00Z"}),
    {"maximum_quarantined_share": 0},
    {"maximum_quarantined_share": 1},
    {"maximum_error_share": 0},
    {"maximum_error_share": 1},
    {"log_retention_days": 1},
    {"log_retention_days": 3653},
    *({"schedule": {"expression": expression}} for expression in EXPRESSIONS),
    {"schedule": {"time_zone": "America/Argentina/ComodRivadavia", "enabled": False}},
    {"schedule": {"flexible_window_minutes": 1}},
    {"schedule": {"flexible_window_minutes": 1440, "start_date": "2028-02-29T00:00:00Z"}},
    {"schedule": {"start_date": "2030-01-31T00:00:00Z", "end_date": "2030-01-31T00:00:01Z"}},
    {"schedule": {"end_date": "2030-01-31T00:00:00Z"}},
    {"start_on_new_data": {}},
    {"start_on_new_data": {"marker": "_complete-2.txt"}},
    {"monitoring": {"email_addresses": ["first.last+shop@mail.example.co.uk"]}},
    {"monitoring": {"topic_arn": ALERTS.replace("arn:aws:", "arn:aws-us-gov:"), "enabled": False}},
    {"monitoring": {"maximum_days_without_success": 1, "maximum_duration_hours": 0.5}},
    {"monitoring": {"maximum_days_without_success": 7, "maximum_duration_hours": 100}},
    {"solutions": {f"solution-{number}": {} for number in range(20)}},
    *(
        {"batch_inputs": {"all": asked}, "solutions": {"one": {"recipe": r, "batch_input": "all"}}}
        for asked, recipes in (
            ({}, [DEFAULT, f"{DEFAULT}-v2", "aws-popularity-count"]),
            ({"item_list": ["1"]}, ["aws-personalized-ranking", "aws-personalized-ranking-v2"]),
            ({"kind": "items"}, ["aws-similar-items", "aws-sims", "aws-item-affinity"]),
        )
        for r in recipes
    ),
    ASKING_ATTRIBUTES | ITEMS | {"solutions": {"fans": FANS | {"number_of_results": 5_000_000}}},
    ASKING_ITEMS | ITEMS | {"solutions": {"like": ALIKE | {"themes_item_name": "TITLE"}}},
    {"solutions": {"users": {"training": {"mode": "UPDATE", "reuse_days": 30}}}},
    {"solutions": {"users": {"filter": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'}}},
    {
        "solutions": {"users": {"event_type": "click", "event_value_threshold": 2}},
        "interactions": {"event_type": {"column": "e"}, "event_value": {"column": "v"}},
    },
    {
        "solutions": {
            "users": {
                "quality_gate": {
                    "minimum": {"precision_at_5": 0.1},
                    "maximum_drop": {"coverage": 1},
                }
            }
        }
    },
    {"deadlines": {"import_hours": 1, "training_hours": 24, "batch_hours": 1.5}},
    {"solutions": {"s" * 20: {"recipe": "aws-popularity-count", "number_of_results": 500}}},
    {"solutions": {"v2": {"recipe": "aws-user-personalization-v2", "number_of_results": 1}}},
    # The defaults.
    {"schedule": None, "solutions": None, "glue": None, "interactions": None, "users": None},
    {"items": None, "batch_inputs": None, "maximum_quarantined_share": None},
    {"maximum_error_share": None, "monitoring": None, "start_on_new_data": None},
]


def text(case: object) -> str:
    return re.sub(r"[^A-Za-z0-9.:/()?*-]+", " ", str(case))[:50].strip()


@pytest.fixture(scope="module")
def variables(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("variables")
    for file in ("variables.tf", "recipes.tf", "schedule_rules.tf", TIME_ZONES):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(repository / file, folder / file)
    with Workspace(folder, ".") as workspace:
        workspace.init()
        yield workspace


@pytest.mark.parametrize(("values", "message"), REFUSED, ids=[text(case[0]) for case in REFUSED])
def test_bad_input_is_refused(variables: Workspace, values: dict[str, Any], message: str) -> None:
    with pytest.raises(BatchrecError) as refused:
        variables.plan({"name": "movies"} | values)
    shown = " ".join(str(refused.value).split())
    assert message in shown
    assert shown.count("Error:") == 1  # nothing else is wrong with the case


@pytest.mark.parametrize("values", ACCEPTED, ids=text)
def test_good_input_is_accepted(variables: Workspace, values: dict[str, Any]) -> None:
    assert variables.plan({"name": "movies"} | values) is False


CONFIGURATION = {"interactions", "users", "items", "batch_inputs", "maximum_quarantined_share"}


def told(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [case for case in cases if case.keys() <= CONFIGURATION]


@pytest.fixture(scope="module")
def configuration(repository: Path) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(repository / "glue_jobs")
        yield importlib.import_module("configuration")


@pytest.mark.parametrize(
    "values", told([case for case, message in REFUSED if message != ASKED]), ids=text
)
def test_the_job_would_refuse_it_too(configuration: ModuleType, values: dict[str, Any]) -> None:
    with pytest.raises(configuration.ConfigurationError):
        configuration.parse(json.dumps(values))


@pytest.mark.parametrize("values", told(ACCEPTED), ids=text)
def test_the_job_would_accept_it_too(configuration: ModuleType, values: dict[str, Any]) -> None:
    configuration.parse(json.dumps(values))


def test_every_message_is_seen(repository: Path) -> None:
    written = re.findall(
        r'error_message = "(.*)"$', (repository / "variables.tf").read_text(), re.M
    )
    seen = {message for _, message in REFUSED}
    assert written
    for message in written:
        assert any(message.replace('\\"', '"').startswith(start) for start in seen), message
