"""`batchrec cost`, as a person or a program uses it."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from deployed_pipeline import Pipeline as Deployed
from reporting_pipeline import Weekly

from batchrec.console import console
from batchrec.cost import quantities
from batchrec.errors import BatchrecError

pytestmark = pytest.mark.xdist_group("cost")

Batchrec = Callable[..., Result]
SIZES = ("--interactions", 25_000_000, "--users", 100_000, "--items", 20_000)


def answered(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.output))


def amounts(answer: dict[str, Any]) -> dict[str, Any]:
    return {line["what"]: line["amount"] for line in answer["lines"]}


@pytest.fixture
def machine(weekly: Weekly) -> Iterator[tuple[str, str]]:
    return "--state-machine", weekly.deployed.name


def test_the_newest_run(batchrec: Batchrec, machine: tuple[str, str]) -> None:
    result = batchrec("cost", *machine)
    assert result.exit_code == 0, result.output
    for told in (
        "What the run weekly billed",
        "training of",
        "unknown",
        "without 3 lines of unknown price",
        "For 1,000 recommendations",
        "--price personalize.training=… dollars for each training hour. An hour of 4 vCPU",
        "Of the What How much Price Amount known",
        "https://aws.amazon.com/personalize/pricing/",
        "modelled by the local AWS",
        "What would lower it",
        'glue.execution_class = "FLEX"',
        "Default quotas of Amazon Personalize",
        "read on 20",
        "Left out, small beside the rest",
    ):
        assert told in " ".join(result.output.split()), told
    assert "\x1b" not in result.output


def test_as_json_with_prices_of_ones_own(batchrec: Batchrec, machine: tuple[str, str]) -> None:
    given = ["personalize.ingestion=1", "personalize.training=2"]
    given += ["personalize.batch_recommendations=3"]
    options = [each for price in given for each in ("--price", price)]
    answer = answered(batchrec("cost", *machine, "--run", "weekly", "--json", *options))
    assert answer["run"] == "weekly"
    assert answer["unknown"] == []
    assert amounts(answer)["batch inference of user-personalization"] == pytest.approx(0.18)
    assert answer["total"] == pytest.approx(sum(amounts(answer).values()))
    assert answer["per_thousand_recommendations"] == pytest.approx(answer["total"] / 1.5)
    assert answer["month"] == pytest.approx(answer["total"] * 4.3)
    sources = {line["price_id"]: line["price_source"] for line in answer["lines"]}
    assert sources["personalize.training"] == "given by you: --price"
    assert sources["glue.standard"] == "https://aws.amazon.com/glue/pricing/"
    assert "reuse_days = 8" in {saving["what"].rpartition(".")[2] for saving in answer["savings"]}
    assert {"name", "used", "maximum", "share", "source"} <= answer["limits"][0].keys()


def test_prices_of_a_file(batchrec: Batchrec, machine: tuple[str, str], tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text("[personalize.training]\nprice = 100\n")
    answer = answered(batchrec("cost", *machine, "--prices", prices, "--json"))
    assert "personalize.training" not in answer["unknown"]
    assert answer["lines"][0]["price_id"] == "personalize.training"


def test_a_run_that_there_is_not(batchrec: Batchrec, machine: tuple[str, str]) -> None:
    error = batchrec("cost", *machine, "--run", "monthly").exception
    assert isinstance(error, BatchrecError)
    assert "has no run monthly" in str(error)


def test_a_price_that_there_is_not(batchrec: Batchrec) -> None:
    error = batchrec("cost", *SIZES, "--price", "personalize.batch=1").exception
    assert isinstance(error, BatchrecError)
    assert "there are glue.flex" in str(error)


def test_a_run_that_failed_was_billed_too(batchrec: Batchrec, reporting: Deployed) -> None:
    reporting.set_script('raise SystemExit("broken")')
    reporting.run("weekly")
    answer = answered(batchrec("cost", "--state-machine", reporting.name, "--json"))
    assert {line["price_id"] for line in answer["lines"]} == {
        "glue.standard",
        "stepfunctions.transitions",
        "s3.storage",
    }
    assert answer["per_thousand_recommendations"] is None


def test_before_the_first_run_of_the_modules_defaults(
    batchrec: Batchrec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = batchrec("cost", *SIZES)
    assert result.exit_code == 0, result.output
    told = " ".join(result.output.split())
    assert "What a run would bill: 25,000,000 interactions of 100,000 users" in told
    assert "guessed: notebooks of AWS recorded 1.073 and 4.212; see --training-hours" in told
    answer = answered(batchrec("cost", *SIZES, "--json", "--training-hours", 2))
    quantities = {line["what"]: line["quantity"] for line in answer["lines"]}
    assert quantities["import of interactions"] == 1
    assert quantities["training of user-personalization"] == 2
    assert quantities["batch inference of user-personalization"] == 100
    assert answer["recommendations"] == 2_500_000


def test_before_a_run_of_a_configuration(batchrec: Batchrec, tmp_path: Path) -> None:
    config = tmp_path / "shop.tfvars.json"
    config.write_text(
        json.dumps(
            {
                "name": "shop",
                "items": {"metadata": [{"name": "GENRES", "categorical": True}]},
                "batch_inputs": {
                    "few": {"most_frequent": 500},
                    "films": {"kind": "items"},
                    "three": {"kind": "items", "ids": ["a", "b", "c"]},
                },
                "solutions": {
                    "for-you": {"batch_input": "few", "recipe": "aws-user-personalization-v2"},
                    "like": {"batch_input": "films", "recipe": "aws-similar-items"},
                    "fans": {"batch_input": "three", "recipe": "aws-item-affinity"},
                },
                "glue": {"worker_type": "G.2X", "execution_class": "FLEX"},
            }
        )
    )
    answer = answered(batchrec("cost", *SIZES, "--config", config, "--json"))
    quantities = {
        (line["what"].rpartition(" ")[2], line["price_id"]): line["quantity"]
        for line in answer["lines"]
    }
    assert quantities["for-you", "personalize.training_v2"] == 25
    assert quantities["for-you", "personalize.batch_recommendations_v2"] == 0.5
    assert quantities["like", "personalize.batch_recommendations"] == 20
    assert quantities["fans", "personalize.batch_segments"] == 0.003
    assert quantities["items", "personalize.ingestion"] == pytest.approx(0.002)
    assert {price for _, price in quantities if price.startswith("glue")} == {"glue.flex"}


def test_before_the_next_run_of_a_deployed_pipeline(
    batchrec: Batchrec, machine: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    last = {line["what"]: line for line in answered(batchrec("cost", *machine, "--json"))["lines"]}
    monkeypatch.setattr(quantities, "is_on_aws", lambda _: True)
    before = {line["what"]: line for line in before_of(batchrec, machine)}
    factors = {
        "preparing the data": 102.25 / 68.5,  # docs/data.md, Speed, with a minute for the start
        "publishing": 63.6 / 60,  # docs/publishing.md, Speed
        "training of user-personalization": 25_000_000 / 1800,
        "state transitions": 1,
    }
    for what, factor in factors.items():
        assert before[what]["quantity"] / last[what]["quantity"] == pytest.approx(factor, rel=0.001)
    assert before["state transitions"]["basis"] == "as in the run weekly"
    assert before["preparing the data"]["basis"] == "as in the run weekly, times 1.49 for its data"


def test_before_a_run_of_as_much_data(
    batchrec: Batchrec, machine: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantities, "is_on_aws", lambda _: True)
    sizes = ("--interactions", 1850, "--users", 60, "--items", 20)
    answer = answered(batchrec("cost", *machine, *sizes, "--json"))
    bases = {line["what"]: line["basis"] for line in answer["lines"]}
    assert bases["training of user-personalization"] == "as in the run weekly"


def test_a_training_is_looked_for_in_runs_before_one_that_reused_it(
    batchrec: Batchrec, reporting: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporting.run("first")
    reporting.run("second")
    monkeypatch.setattr(quantities, "is_on_aws", lambda _: True)
    machine = ("--state-machine", reporting.name)
    bases = {line["what"]: line["basis"] for line in before_of(batchrec, machine)}
    assert bases["training of user-personalization"].startswith("as in the run first, times ")
    assert bases["preparing the data"].startswith("as in the run second")


@pytest.mark.parametrize("choice", [{"active_days": 30}, {"active_since": "2023-11-14"}])
def test_whom_a_choice_leaves_out_takes_data(
    batchrec: Batchrec, tmp_path: Path, choice: dict[str, Any]
) -> None:
    config = tmp_path / "shop.json"
    config.write_text(json.dumps({"batch_inputs": {"users": choice}}))
    answer = answered(batchrec("cost", *SIZES, "--config", config, "--json"))
    (name,) = choice
    told = f"Whom batch_inputs.users.{name} leaves out isn't known without --data: all 100,000"
    assert any(note.startswith(told) for note in answer["notes"])


def test_users_active_since_a_day_are_counted_in_the_data(
    batchrec: Batchrec, tmp_path: Path
) -> None:
    config, data = tmp_path / "shop.json", tmp_path / "events.csv"
    config.write_text(json.dumps({"batch_inputs": {"users": {"active_since": "2023-11-15"}}}))
    # 2023-11-15T00:00Z is 1,700,006,400: two of three users were active since.
    data.write_text("USER_ID,ITEM_ID,TIMESTAMP\na,x,1700006399\nb,x,1700006400\nc,x,1700092800\n")
    answer = answered(batchrec("cost", "--data", data, "--config", config, "--json"))
    quantities = {line["what"]: line["quantity"] for line in answer["lines"]}
    assert quantities["batch inference of user-personalization"] == 0.002
    assert not any("isn't known without --data" in note for note in answer["notes"])


def test_what_a_local_aws_models_says_nothing_of_the_next_run(
    batchrec: Batchrec, machine: tuple[str, str]
) -> None:
    bases = {line["what"]: line["basis"] for line in before_of(batchrec, machine)}
    assert bases["preparing the data"] == "estimated: 102 s of 3 workers of type G.2X"
    assert bases["training of user-personalization"].startswith("guessed")


def before_of(batchrec: Batchrec, machine: tuple[str, str]) -> list[dict[str, Any]]:
    return list(answered(batchrec("cost", *machine, *SIZES, "--json"))["lines"])


def test_before_a_run_of_data(batchrec: Batchrec, tmp_path: Path) -> None:
    data = tmp_path / "events.csv"
    lines = [f"u{n % 40},i{n % 7},{1_700_000_000 + n}" for n in range(400)]
    data.write_text("\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *lines, ""]))
    answer = answered(batchrec("cost", "--data", data, "--json"))
    quantities = {line["what"]: line["quantity"] for line in answer["lines"]}
    assert quantities["batch inference of user-personalization"] == 0.04
    used = {limit["name"]: limit["used"] for limit in answer["limits"]}
    assert (used["interactions of a model"], used["items of a model"]) == (400, 7)


def test_another_region_has_no_prices(batchrec: Batchrec) -> None:
    result = batchrec("cost", *SIZES, "--region", "eu-central-1")
    told = " ".join(result.output.split())
    assert "Total: unknown" in told
    assert "$0.00" not in told
    assert "prices of eu-central-1" in told
    assert "--price glue.standard=… dollars for each DPU-hour. " in told
    assert "Known only in us-east-1." in told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "can't be read as JSON"),
        ("[]", "must be a JSON object"),
        ('{"solutions": 3}', "inputs"),
    ],
)
def test_a_configuration_that_is_none(
    batchrec: Batchrec, tmp_path: Path, content: str, told: str
) -> None:
    config = tmp_path / "shop.json"
    config.write_text(content)
    error = batchrec("cost", *SIZES, "--config", config).exception
    assert isinstance(error, BatchrecError)
    assert told in str(error)


def test_half_a_size(batchrec: Batchrec) -> None:
    error = batchrec("cost", "--interactions", 1000).exception
    assert isinstance(error, BatchrecError)
    assert "--interactions, --users and --items together" in str(error)


def test_a_run_and_sizes(batchrec: Batchrec) -> None:
    result = batchrec("cost", *SIZES, "--run", "weekly")
    assert result.exit_code == 2
    assert "leave one of them out" in " ".join(result.output.replace("│", " ").split())


def test_the_documents_example(
    batchrec: Batchrec, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (repository / "docs" / "cost.md").read_text()
    found = re.search(r"^\$ batchrec (cost .*)\n((?:.*\n)*?)…$", text, re.M)
    assert found is not None
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(console, "width", 100)
    result = batchrec(*found[1].split())
    told = [line.rstrip() for line in result.output.splitlines()]
    shown = found[2].splitlines()
    assert told[: len(shown)] == shown
