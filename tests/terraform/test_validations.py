"""Bad input is refused at plan time, with a message that says what to write instead.

Validations look at variables only. So variables.tf is planned on its own, where no provider has to
start: 50 ms a case. That the whole module refuses is shown by validations.tftest.hcl, under
`terraform test`.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchrec.errors import BatchrecError
from batchrec.terraform import Workspace

NAME = "Choose a name of 3 to 35 lower-case letters, digits and single hyphens"
RELEASE = 'Set glue.version to "5.0"'
WORKER_TYPE = "Set glue.worker_type to G.1X, G.2X, G.4X or G.8X"
WORKERS = "Set glue.number_of_workers to a whole number of at least 2"
TIMEOUT = "Set glue.timeout_minutes to a whole number from 1 to 2880"
FOLDER = "Set interactions.folder to a folder below raw/, without a slash at either end"
RETENTION = "Set log_retention_days to a period that CloudWatch Logs offers"
EXPRESSION = "Set schedule.expression to cron(six fields), rate(value unit) or at("
SOLUTIONS = "Configure 1 to 10 solutions"
KEY = "Give each solution a key of 2 to 20 lower-case letters, digits and hyphens"
RECIPE = "Set each recipe to aws-user-personalization, aws-user-personalization-v2 or"
RESULTS = "Set number_of_results to a whole number from 1 to 500"

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
    ({"glue": {"number_of_workers": 1}}, WORKERS),
    ({"glue": {"number_of_workers": 2.5}}, WORKERS),
    ({"glue": {"number_of_workers": "two"}}, "a number is required"),
    ({"glue": {"timeout_minutes": 0}}, TIMEOUT),
    ({"glue": {"timeout_minutes": 2881}}, TIMEOUT),
    ({"glue": {"timeout_minutes": 0.5}}, TIMEOUT),
    ({"interactions": {"folder": ""}}, FOLDER),
    ({"interactions": {"folder": "/ratings"}}, FOLDER),
    ({"interactions": {"folder": "ratings/"}}, FOLDER),
    ({"interactions": {"folder": "a//b"}}, FOLDER),
    ({"interactions": {"folder": "../curated"}}, FOLDER),
    ({"interactions": {"folder": "s3://bucket/raw"}}, FOLDER),
    ({"interactions": {"minimum_rating": "high"}}, "a number is required"),
    ({"log_retention_days": 0}, RETENTION),
    ({"log_retention_days": 8}, RETENTION),
    ({"schedule": {"expression": "0 3 ? * SUN *"}}, EXPRESSION),
    ({"schedule": {"expression": "cron(0 3 * * SUN)"}}, EXPRESSION),
    ({"schedule": {"expression": "cron(0 3 ? * SUN * *)"}}, EXPRESSION),
    ({"schedule": {"expression": "cron(0 3  ? * SUN)"}}, EXPRESSION),
    ({"schedule": {"expression": "rate(7)"}}, EXPRESSION),
    ({"schedule": {"expression": "rate(0 days)"}}, EXPRESSION),
    ({"schedule": {"expression": "rate(1 week)"}}, EXPRESSION),
    ({"schedule": {"expression": "at(2030-01-01)"}}, EXPRESSION),
    ({"schedule": {"expression": "at(2030-01-01T::::::::)"}}, EXPRESSION),
    ({"schedule": {"expression": "at(2030-01-01T03:00:00Z)"}}, EXPRESSION),
    ({"solutions": {}}, SOLUTIONS),
    ({"solutions": {f"solution-{number}": {} for number in range(11)}}, SOLUTIONS),
    ({"solutions": {"s": {}}}, KEY),
    ({"solutions": {"s" * 21: {}}}, KEY),
    ({"solutions": {"Users": {}}}, KEY),
    ({"solutions": {"for_users": {}}}, KEY),
    ({"solutions": {"users-": {}}}, KEY),
    ({"solutions": {"good": {}, "Bad": {}}}, KEY),
    ({"solutions": {"users": {"recipe": "aws-trending-now"}}}, RECIPE),
    ({"solutions": {"users": {"recipe": "aws-item-affinity"}}}, RECIPE),
    ({"solutions": {"users": {"number_of_results": 0}}}, RESULTS),
    ({"solutions": {"users": {"number_of_results": 501}}}, RESULTS),
    ({"solutions": {"users": {"number_of_results": 2.5}}}, RESULTS),
]

ACCEPTED: list[dict[str, Any]] = [
    {"name": "abc"},
    {"name": "a" * 35},
    {"name": "7-days-of-movies"},
    {"glue": {"worker_type": "G.8X", "number_of_workers": 299, "timeout_minutes": 2880}},
    {"glue": {"number_of_workers": 2, "timeout_minutes": 1}},
    {"interactions": {"folder": "year=2030/part-1.v2", "minimum_rating": 0}},
    {"log_retention_days": 1},
    {"log_retention_days": 3653},
    # EventBridge Scheduler User Guide, Schedule types in EventBridge Scheduler: its own examples.
    {"schedule": {"expression": "cron(15 10 ? * 6L 2022-2023)", "time_zone": "America/New_York"}},
    {"schedule": {"expression": "rate(5 minutes)"}},
    {"schedule": {"expression": "rate(1 day)", "enabled": False}},
    {"schedule": {"expression": "at(2022-11-20T13:00:00)"}},
    {"solutions": {f"solution-{number}": {} for number in range(10)}},
    {"solutions": {"s" * 20: {"recipe": "aws-popularity-count", "number_of_results": 500}}},
    {"solutions": {"v2": {"recipe": "aws-user-personalization-v2", "number_of_results": 1}}},
    {"schedule": None, "solutions": None, "glue": None},  # the defaults
]


def text(case: object) -> str:
    return re.sub(r"[^A-Za-z0-9.:/()?*-]+", " ", str(case))[:50].strip()


@pytest.fixture(scope="module")
def variables(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("variables")
    shutil.copy(repository / "variables.tf", folder)
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


def test_every_message_is_seen(repository: Path) -> None:
    written = re.findall(
        r'error_message = "(.*)"$', (repository / "variables.tf").read_text(), re.M
    )
    seen = {message for _, message in REFUSED}
    assert written
    for message in written:
        assert any(message.replace('\\"', '"').startswith(start) for start in seen), message


def test_the_whole_module_refuses_at_plan_time(repository: Path) -> None:
    runs = Path(__file__).with_name("validations.tftest.hcl")
    with Workspace(repository, ".") as workspace:
        workspace.init()
        shutil.copy(runs, workspace.folder)
        ended = subprocess.run(
            [str(workspace.terraform), "test", "-no-color"],
            cwd=workspace.folder,
            env=workspace.env,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    expected = len(re.findall(r'^run "', runs.read_text(), flags=re.MULTILINE))
    assert f"{expected} passed, 0 failed" in ended.stdout
