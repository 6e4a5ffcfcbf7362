"""A run is billed by what it used, as Glue, Personalize, Step Functions and S3 themselves say."""

import pytest
from deployed_pipeline import Pipeline as Deployed
from reporting_pipeline import Weekly, find

from batchrec import runs
from batchrec.cost import billing, prices
from batchrec.cost.bill import Bill, Line
from batchrec.localaws import fault_syntax
from batchrec.pipeline import Pipeline

pytestmark = pytest.mark.xdist_group("cost")


def bill_of(found: Pipeline, name: str | None = None, **given: float) -> Bill:
    run = runs.read(found, name)
    return billing.after(
        found,
        run,
        found.read_json(f"transformed/{run.name}/report.json"),
        found.read_json(f"curated/{run.name}/publication.json"),
        prices.load(
            single=[f"{each.replace('_', '.', 1)}={value}" for each, value in given.items()]
        ),
    )


def line(bill: Bill, what: str) -> Line:
    (found,) = (each for each in bill.lines if each.what == what)
    return found


def bytes_below(deployed: Deployed, *prefixes: str) -> int:
    s3 = deployed.aws.client("s3")
    return sum(
        each["Size"]
        for prefix in prefixes
        for each in s3.list_objects_v2(Bucket=deployed.bucket, Prefix=prefix).get("Contents", [])
    )


def test_glue_by_the_second_and_the_worker(weekly: Weekly) -> None:
    bill = bill_of(weekly.found)
    jobs = {"preparing the data": "prepare-training-data", "publishing": "publish-recommendations"}
    for what, job in jobs.items():
        name = f"{weekly.deployed.name}-{job}"
        (told,) = weekly.deployed.aws.client("glue").get_job_runs(JobName=name)["JobRuns"]
        assert told["ExecutionTime"] >= 60
        hours = told["ExecutionTime"] * 3 * 2 / 3600  # three workers of two DPUs
        billed = line(bill, what)
        assert (billed.quantity, billed.unit) == (pytest.approx(hours), "DPU-hour")
        assert billed.amount == pytest.approx(hours * 0.44)


def test_personalize_by_size_hours_and_inputs(weekly: Weekly) -> None:
    bill = bill_of(weekly.found)
    imported = line(bill, "import of interactions")
    size = bytes_below(weekly.deployed, "transformed/weekly/interactions/")
    assert (imported.quantity, imported.unit) == (pytest.approx(size / 1e9), "GB")
    (listed,) = weekly.deployed.listed(
        "list_solution_versions",
        "solutionVersions",
        solutionArn=weekly.deployed.configuration["solutions"][0]["arn"],
    )
    version = weekly.deployed.aws.client("personalize").describe_solution_version(
        solutionVersionArn=listed["solutionVersionArn"]
    )["solutionVersion"]
    trained = line(bill, "training of user-personalization")
    assert (trained.quantity, trained.unit) == (version["trainingHours"], "training hour")
    asked = line(bill, "batch inference of user-personalization")
    assert (asked.quantity, asked.unit) == (0.06, "1,000 inputs")
    assert {imported.amount, trained.amount, asked.amount} == {None}
    assert bill.recommendations == 1500


def test_state_transitions_of_children_and_one_for_each_child(weekly: Weekly) -> None:
    """Step Functions Developer Guide, Transitions in Distributed Map state."""
    stepfunctions = weekly.deployed.aws.client("stepfunctions")
    arn = weekly.execution_arn
    runs_of_maps = stepfunctions.list_map_runs(executionArn=arn)["mapRuns"]
    children = [
        child["executionArn"]
        for each in runs_of_maps
        for child in stepfunctions.list_executions(mapRunArn=each["mapRunArn"])["executions"]
    ]
    assert len(children) == 2
    entered = len(children)
    for each in (arn, *children):
        pages = stepfunctions.get_paginator("get_execution_history").paginate(executionArn=each)
        entered += sum(
            event["type"].endswith("StateEntered") for page in pages for event in page["events"]
        )
    billed = line(bill_of(weekly.found), "state transitions")
    assert (billed.quantity, billed.unit) == (entered / 1000, "1,000 transitions")
    assert billed.amount == pytest.approx(entered * 0.000025)


def test_a_month_of_keeping_its_files(weekly: Weekly) -> None:
    size = bytes_below(weekly.deployed, "transformed/weekly/", "curated/weekly/")
    assert (
        line(bill_of(weekly.found), "a month of keeping this run's files").quantity == size / 2**30
    )


def test_prices_of_ones_own_are_reckoned_with(weekly: Weekly) -> None:
    given = {
        "personalize_ingestion": 50_000.0,
        "personalize_training": 0.24,
        "personalize_batch_recommendations": 10.0,
    }
    bill = bill_of(weekly.found, **given)
    assert bill.unknown == []
    amounts = [each.amount for each in bill.lines]
    assert amounts == sorted(amounts, reverse=True)
    assert line(bill, "batch inference of user-personalization").amount == pytest.approx(0.6)
    assert bill.total == pytest.approx(sum(amounts))
    assert sum(bill.share(each) for each in bill.lines) == pytest.approx(1)
    assert bill.per_thousand == pytest.approx(bill.total / 1.5)


def test_without_them_the_total_is_what_is_known(weekly: Weekly) -> None:
    bill = bill_of(weekly.found)
    assert {each.price_id for each in bill.unknown} == {
        "personalize.ingestion",
        "personalize.training",
        "personalize.batch_recommendations",
    }
    assert bill.lines[-3:] == bill.unknown
    assert bill.total == pytest.approx(sum(each.amount for each in bill.lines[:-3]))


def test_what_a_local_aws_models_is_not_called_measured(weekly: Weekly) -> None:
    bill = bill_of(weekly.found)
    for each in bill.lines:
        is_modelled = each.what.startswith(("preparing", "publishing", "training of", "state"))
        assert each.basis.startswith("modelled by the local AWS" if is_modelled else "measured")
    assert any("modelled, not measured" in note for note in bill.notes)


def test_a_version_that_is_reused_is_not_paid_for_again(
    reporting: Deployed, found: Pipeline
) -> None:
    reporting.run("first")
    reporting.run("second")
    hours = line(bill_of(found, "first"), "training of user-personalization").quantity
    second = bill_of(found, "second")
    assert not [each for each in second.lines if each.price_id == "personalize.training"]
    assert f"Reused versions saved {hours:.2f} training hours." in second.notes
    assert line(second, "batch inference of user-personalization").quantity == 0.06


def test_an_import_that_failed_imported_nothing(reporting: Deployed, found: Pipeline) -> None:
    reporting.aws.faults.add(fault_syntax.parse('CreateDatasetImportJob fail "Bad rows."'))
    reporting.run("weekly")
    bill = bill_of(found)
    kinds = {each.price_id for each in bill.lines}
    assert kinds == {"glue.standard", "stepfunctions.transitions", "s3.storage"}
    assert bill.recommendations is None


def test_a_run_that_continues_another_is_billed_for_what_it_started(
    reporting: Deployed, found: Pipeline
) -> None:
    reporting.aws.faults.add(fault_syntax.parse('CreateSolutionVersion fail "No luck."'))
    reporting.run("weekly")
    again, _ = reporting.run("again", run="weekly")
    bill = bill_of(found, again["executionArn"])
    assert not [each for each in bill.lines if "preparing" in each.what or "import" in each.what]
    assert line(bill, "training of user-personalization").quantity > 0
    assert any("an earlier execution" in note for note in bill.notes)


def test_a_training_that_a_continued_run_took_over_is_in_its_bill_alone(
    reporting: Deployed, found: Pipeline
) -> None:
    first = reporting.start_until("CreateSolutionVersion", "weekly")
    reporting.aws.client("stepfunctions").stop_execution(executionArn=first)
    second, _ = reporting.run("again", run="weekly")
    bills = [bill_of(found, arn) for arn in (first, second["executionArn"])]
    hours = [
        each.quantity
        for bill in bills
        for each in bill.lines
        if each.price_id == "personalize.training"
    ]
    (listed,) = reporting.listed(
        "list_solution_versions",
        "solutionVersions",
        solutionArn=reporting.configuration["solutions"][0]["arn"],
    )
    version = reporting.aws.client("personalize").describe_solution_version(
        solutionVersionArn=listed["solutionVersionArn"]
    )["solutionVersion"]
    assert hours == [version["trainingHours"]]
    assert any("They go on, and bill" in note for note in bills[0].notes)
    assert not any("Reused" in note for note in bills[1].notes)


def test_a_run_that_is_under_way(reporting: Deployed, found: Pipeline) -> None:
    reporting.start_until("CreateSolutionVersion", "now")
    bill = bill_of(found, "now")
    assert line(bill, "import of interactions").quantity > 0
    assert not [each for each in bill.lines if each.price_id == "personalize.training"]
    assert any("not over" in note for note in bill.notes)


def test_recipes_are_billed_in_their_own_ways(reporting: Deployed, found: Pipeline) -> None:
    """Those that end in -v2 by the interactions that they are trained on."""
    reporting.solve(
        reporting.solution("newer", recipe="aws-user-personalization-v2"),
        reporting.solution("like", recipe="aws-sims", batch_input_folder="batch_items_input"),
    )
    reporting.run("weekly")
    bill = bill_of(find(reporting))
    billed = {(each.what.split()[-1], each.price_id): each.quantity for each in bill.lines}
    assert billed["newer", "personalize.training_v2"] == 1800 / 1e6
    assert billed["newer", "personalize.batch_recommendations_v2"] == 60 / 1e3
    assert billed["like", "personalize.training"] > 0
    assert billed["like", "personalize.batch_recommendations"] == 20 / 1e3
    assert ("newer", "personalize.training") not in billed
