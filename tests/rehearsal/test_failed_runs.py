"""Runs that really fail, with the real Glue job and model: `status` and the report explain them.

`make screenshots` keeps what this test photographs.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import configurations
import pytest
from playwright.sync_api import Browser
from typer.testing import CliRunner, Result

from batchrec import execution
from batchrec.cli import app
from batchrec.data import hetrec, movielens
from batchrec.localaws import fault_syntax
from batchrec.localaws.server import LocalAws
from batchrec.terraform.workspace import Workspace

NAME = "cinema"
BUCKET = "cinema-data"
DATA = "raw/interactions/ratings.dat"
REASON = "Row 48 of part-00000.csv: the value of TIMESTAMP is no long."
METRIC = "normalized_discounted_cumulative_gain_at_25"
SCREENS = {"desktop": (1280, 800), "phone": (390, 844)}

pytestmark = pytest.mark.xdist_group("failed-runs")


@dataclass(frozen=True)
class Failed:
    """Three failed runs, and how a person asks about them."""

    folder: Path  # the applied configuration
    reports: Path

    def ask(self, *arguments: str) -> Result:
        environment = {"COLUMNS": "120", "NO_COLOR": "1"}
        return CliRunner().invoke(app, [*arguments, "--folder", str(self.folder)], env=environment)

    def report(self, run: str) -> Path:
        path = self.reports / f"{run}.html"
        written = self.ask("report", "--run", run, "-o", str(path))
        assert written.exit_code == 0, written.output
        return path


@pytest.fixture(scope="module")
def failed(
    local_aws: LocalAws, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Failed]:
    """First one row in twenty is broken, then the import fails, then the gate closes."""
    reports = tmp_path_factory.mktemp("reports")
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    good = reports / "ratings.dat"
    hetrec.write(movielens.ratings(), good)
    call = {
        "source": "../../",
        "name": NAME,
        "existing_bucket": {"name": BUCKET},
        "interactions": {
            "format": {"delimiter": "\t", "quote": ""},
            "user_id": "userID",
            "item_id": "movieID",
            "timestamp": {"column": "timestamp"},
        },
        "solutions": {
            "for-you": {
                "recipe": "aws-user-personalization",
                "quality_gate": {"minimum": {METRIC: 0.5}},
            }
        },
    }
    outputs = ("bucket_policy_json", "state_machine_arn")
    configuration = {
        "module": {"this": call},
        "output": {name: {"value": f"${{module.this.{name}}}"} for name in outputs},
    }
    with (
        pytest.MonkeyPatch.context() as patch,
        Workspace(repository, endpoint=local_aws.endpoint) as workspace,
    ):
        for name, value in local_aws.environment().items():
            patch.setenv(name, value)
        configurations.put(workspace, configuration)
        workspace.init()
        workspace.apply()
        policy = str(workspace.output()["bucket_policy_json"])
        s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
        asked = Failed(workspace.folder, reports)

        lines = good.read_text(encoding="utf-8").splitlines(keepends=True)
        header, *rows = lines
        broken = [
            row if number % 20 else row.rpartition("\t")[0] + "\tyesterday\n"
            for number, row in enumerate(rows)
        ]
        s3.put_object(Bucket=BUCKET, Key=DATA, Body="".join([header, *broken]).encode())
        assert asked.ask("run", "--name", "quarantined", "--wait").exit_code == 1
        s3.upload_file(str(good), BUCKET, DATA)
        local_aws.faults.add(fault_syntax.parse(f'CreateDatasetImportJob fail "{REASON}"'))
        assert asked.ask("run", "--name", "import-failed", "--wait").exit_code == 1
        assert asked.ask("run", "--name", "gate-closed", "--wait").exit_code == 1
        yield asked
        machines = local_aws.client("stepfunctions")
        torn = machines.start_execution(
            stateMachineArn=str(workspace.output()["state_machine_arn"]),
            input='{"action": "teardown"}',
        )
        execution.follow(machines, torn["executionArn"], lambda _: None)
        workspace.destroy()


# What a person must learn, by run: what happened and why, and what to do.
LEARNED = {
    "quarantined": (
        ["5,001 of 100,004 rows", "invalid_timestamp", "1.00%"],
        ["maximum_quarantined_share"],
    ),
    "import-failed": (["interactions", REASON], ["batchrec run"]),
    "gate-closed": (["for-you", METRIC, "0.5"], ["quality_gate"]),
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("run", LEARNED)
def test_status_explains_it(failed: Failed, run: str) -> None:
    shown = failed.ask("status", run)
    text = " ".join(shown.output.split())
    happened, to_do = LEARNED[run]
    assert [words for words in [*happened, *to_do] if words not in text] == [], shown.output


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("run", LEARNED)
def test_the_first_screen_of_the_report_explains_it(
    failed: Failed, browser: Browser, run: str, screen: str
) -> None:
    width, height = SCREENS[screen]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(failed.report(run).as_uri())
    images = os.environ.get("SCREENSHOTS")
    if images and screen == "desktop":
        page.screenshot(path=Path(images) / f"report-{run}.png")
    text = " ".join(page.evaluate(SEEN).split())
    happened, to_do = LEARNED[run]
    assert f"{run} failed" in text
    assert [words for words in [*happened, *to_do] if words not in text] == [], text
    page.close()


# The texts that lie in the window before anything is scrolled.
SEEN = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), seen = [];
  while (texts.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    const box = range.getBoundingClientRect();
    if (box.height && box.bottom <= innerHeight && box.top >= 0) seen.push(texts.currentNode.data);
  }
  return seen.join(" ");
}"""
