"""What Terraform, the state machine and the job must agree on, and how .tf files look."""

import argparse
import dataclasses
import importlib
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import configurations
import pytest
import tftest

from batchrec.localaws.server import LocalAws
from batchrec.terraform.executable import find_terraform
from batchrec.terraform.workspace import Workspace

if TYPE_CHECKING:
    from conftest import PlanOf

pytestmark = pytest.mark.xdist_group("plans")

# Glue Developer Guide, Using job parameters in AWS Glue jobs, and Logging for AWS Glue jobs:
# what Glue itself reads.
GLUE_OWN = {
    "--additional-python-modules",
    "--class",
    "--conf",
    "--custom-logGroup-prefix",
    "--custom-logStream-prefix",
    "--datalake-formats",
    "--enable-auto-scaling",
    "--enable-glue-datacatalog",
    "--enable-job-insights",
    "--enable-metrics",
    "--enable-observability-metrics",
    "--enable-spark-ui",
    "--extra-files",
    "--extra-jars",
    "--extra-py-files",
    "--job-bookmark-option",
    "--job-language",
    "--python-modules-installer-option",
    "--scriptLocation",
    "--spark-event-logs-path",
    "--TempDir",
}
RECOMMENDATIONS = "module.recommendations"


# Each job's script, its name in modules/transform, and the state that runs it.
JOBS = {
    "prepare_training_data": ("this", "PrepareTrainingData"),
    "publish_recommendations": ("publish", "PublishRecommendations"),
}
DATASETS = ("interactions", "users", "items")
OUTPUTS = [
    *(f"raw_{dataset}_prefix" for dataset in DATASETS),
    "glue_publish_job_name",
    "catalog_database_name",
]

# What the root module is given, beside a name: nothing, only what must be, and every member.
INPUTS: dict[str, dict[str, Any]] = {
    "bare": {},
    "sparse": {
        "interactions": {
            "event_type": {"column": "event"},
            "event_value": {"column": "rating"},
            "metadata": [{"name": "DEVICE"}],
        },
        "users": {"metadata": [{"name": "AGE", "type": "int"}]},
        "items": {"creation_timestamp": {}, "metadata": [{"name": "GENRES", "categorical": True}]},
        "batch_inputs": {"users": {}, "actions": {"kind": "items"}},
    },
    "full": {
        "interactions": {
            "folder": "shop/events",
            "format": {
                "type": "csv",
                "delimiter": ";",
                "quote": "'",
                "escape": "\\",
                "encoding": "ISO-8859-1",
                "column_names": ["who", "what", "when", "event", "rating", "device"],
                "multiline": True,
            },
            "user_id": "who",
            "item_id": "what",
            "timestamp": {
                "column": "when",
                "unit": "auto",
                "pattern": "dd.MM.yyyy HH:mm",
                "time_zone": "Europe/Berlin",
                "not_before": "2024-01-01",
                "before": "2025-01-01T00:00:00+01:00",
            },
            "event_type": {"column": "event", "allowed": ["view", "purchase"]},
            "event_value": {"column": "rating", "minimum": 3.5, "imported": False},
            "metadata": [
                {
                    "name": "DEVICE",
                    "column": "device",
                    "type": "string",
                    "categorical": True,
                    "textual": False,
                    "required": True,
                    "separator": ",",
                },
                {"name": "IMPRESSION"},
            ],
        },
        "users": {
            "folder": "shop/users",
            "format": {"type": "parquet"},
            "user_id": "who",
            "metadata": [{"name": "AGE", "type": "int", "required": True}],
        },
        "items": {
            "folder": "shop/items",
            "format": {"type": "json"},
            "item_id": "what",
            "creation_timestamp": {"column": "since", "unit": "iso8601"},
            "metadata": [
                {"name": "PRICE", "type": "float"},
                {"name": "DESCRIPTION", "textual": True},
            ],
        },
        "batch_inputs": {
            "users": {"active_days": 30, "filter_values": {"SHELF": ["new", "<5 & more>"]}},
            "chosen": {"ids": ["1", "2"], "item_list": ["a", "b"]},
            "recent": {"active_since": "2024-06-01"},
            "similar": {"kind": "items", "most_frequent": 1000},
            "by_attribute": {"kind": "item_attributes", "item_attributes": ["Items.PRICE > 5"]},
        },
        "maximum_quarantined_share": 0.25,
    },
}
# What the first job isn't told.
MORE_INPUTS: dict[str, dict[str, Any]] = {
    "bare": {},
    "sparse": {},
    "full": {"maximum_error_share": 0.25},
}


@pytest.fixture(scope="module")
def roots(local_aws: LocalAws, repository: Path, plan_of: "PlanOf") -> tftest.TerraformPlanOutput:
    """The root module with each of INPUTS, in one plan."""
    calls = {
        "module": {
            key: {"source": "../../", "name": f"shop-{key}"} | inputs | MORE_INPUTS[key]
            for key, inputs in INPUTS.items()
        },
        "output": {
            f"{key}_{name}": {"value": f"${{module.{key}.{name}}}"}
            for key in INPUTS
            for name in OUTPUTS
        },
    }
    with Workspace(repository, endpoint=local_aws.endpoint) as workspace:
        configurations.put(workspace, calls)
        return plan_of(workspace)


@pytest.fixture(scope="module")
def glue_jobs(repository: Path) -> Iterator[Path]:
    """The folder of the jobs' modules, where Python looks for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(repository / "glue_jobs")
        yield repository / "glue_jobs"


@pytest.fixture(scope="module")
def configuration(glue_jobs: Path) -> ModuleType:
    return importlib.import_module("configuration")


# The jobs' arguments


@pytest.fixture(params=JOBS)
def job(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def parser(job: str, glue_jobs: Path, monkeypatch: pytest.MonkeyPatch) -> argparse.ArgumentParser:
    """The parser that the job's `main` makes; nothing of the job runs."""

    class ParsedError(Exception):
        pass

    found = []

    def parse_known_args(self: argparse.ArgumentParser, *arguments: object) -> None:
        found.append(self)
        raise ParsedError

    with monkeypatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_known_args", parse_known_args)
        with pytest.raises(ParsedError):
            importlib.import_module(job).main([])
    return found[0]


def job_arguments(
    plan: tftest.TerraformPlanOutput, module: str, name: str = "this"
) -> dict[str, str]:
    change = plan.resource_changes[f"{module}.module.transform.aws_glue_job.{name}"]["change"]
    return dict(change["after"]["default_arguments"])


@pytest.fixture
def given(plan: tftest.TerraformPlanOutput, repository: Path, job: str) -> dict[str, str]:
    """What a run of the example passes to the script, by name, without Glue's own."""
    name, state = JOBS[job]
    defaults = job_arguments(plan, RECOMMENDATIONS, name)
    states = states_of((repository / "modules/workflow/pipeline.asl.json").read_text())
    added = states[state]["Arguments"]["Arguments"]
    assert not defaults.keys() & added.keys()
    return {name: value for name, value in (defaults | added).items() if name not in GLUE_OWN}


def states_of(definition: str) -> dict[str, Any]:
    return dict(json.loads(definition)["States"])


def test_the_job_gets_the_arguments_it_accepts_and_no_others(
    parser: argparse.ArgumentParser, given: dict[str, str]
) -> None:
    flat = [part for name, value in given.items() for part in (name, value)]
    arguments, unknown = parser.parse_known_args(flat)
    assert unknown == []
    assert {f"--{name}" for name in vars(arguments)} == given.keys()
    # What it understands of them is what was said.
    assert {f"--{name}": str(value) for name, value in vars(arguments).items()} == given


def test_the_job_requires_them_all(parser: argparse.ArgumentParser, given: dict[str, str]) -> None:
    for missing in given:
        rest = [part for name, value in given.items() if name != missing for part in (name, value)]
        with pytest.raises(SystemExit):
            parser.parse_known_args(rest)


def test_the_first_job_reads_the_raw_data_of_the_bucket(plan: tftest.TerraformPlanOutput) -> None:
    told = job_arguments(plan, RECOMMENDATIONS)
    assert told["--raw_prefix"] == "s3://movielens-123456789012-us-east-1/raw"


def test_the_job_gets_every_module_beside_the_scripts(
    plan: tftest.TerraformPlanOutput, glue_jobs: Path, job: str
) -> None:
    given = job_arguments(plan, RECOMMENDATIONS, JOBS[job][0])["--extra-py-files"].split(",")
    modules = {path.relative_to(glue_jobs).as_posix() for path in glue_jobs.rglob("*.py")}
    bucket = "s3://movielens-123456789012-us-east-1"
    scripts = {f"{script}.py" for script in JOBS}
    assert sorted(given) == sorted(f"{bucket}/glue_jobs/{name}" for name in modules - scripts)
    uploaded = {
        resource["change"]["after"]["key"]
        for resource in plan.resource_changes.values()
        if resource["type"] == "aws_s3_object"
    }
    assert uploaded == {f"glue_jobs/{name}" for name in modules}


def test_every_job_of_the_module_is_held_to_its_arguments(plan: tftest.TerraformPlanOutput) -> None:
    prefix = f"{RECOMMENDATIONS}.module.transform.aws_glue_job."
    planned = {a.removeprefix(prefix) for a in plan.resource_changes if a.startswith(prefix)}
    assert planned == {name for name, _ in JOBS.values()}


# What is published, and where it is looked for


def test_the_module_says_how_many_errors_are_too_many(roots: tftest.TerraformPlanOutput) -> None:
    shares = {
        key: job_arguments(roots, f"module.{key}", "publish")["--maximum_error_share"]
        for key in INPUTS
    }
    assert shares == {"bare": "0.01", "sparse": "0.01", "full": "0.25"}


def test_the_catalog_has_the_columns_of_the_tables(
    roots: tftest.TerraformPlanOutput, glue_jobs: Path
) -> None:
    """The names that the job gives them, and a table for each solution."""
    named = importlib.import_module("answers").ASKED_COLUMNS
    for key in INPUTS:
        prefix = f"module.{key}.module.catalog.aws_glue_catalog_table.this"
        tables = {
            resource["index"]: resource["change"]["after"]
            for address, resource in roots.resource_changes.items()
            if address.startswith(prefix)
        }
        assert tables.keys() == {"user-personalization"}
        (storage,) = tables["user-personalization"]["storage_descriptor"]
        columns = [column["name"] for column in storage["columns"]]
        assert columns == [named["userId"], "rank", "recommended_id", "score"]


def test_the_outputs_name_the_second_job_and_the_database(
    roots: tftest.TerraformPlanOutput,
) -> None:
    for key in INPUTS:
        name = f"shop-{key}-publish-recommendations"
        assert roots.outputs[f"{key}_glue_publish_job_name"] == name
        assert roots.outputs[f"{key}_catalog_database_name"] == f"shop_{key}"


# The job's configuration, and what must agree with it


def test_the_defaults_of_the_module_are_those_of_the_job(
    roots: tftest.TerraformPlanOutput, configuration: ModuleType
) -> None:
    for key in ("bare", "sparse"):
        planned = configuration.parse(job_arguments(roots, f"module.{key}")["--configuration"])
        assert planned == configuration.parse(json.dumps(INPUTS[key])), key


def test_the_job_is_told_everything_that_the_module_is(
    roots: tftest.TerraformPlanOutput, configuration: ModuleType
) -> None:
    planned = configuration.parse(job_arguments(roots, "module.full")["--configuration"])
    assert planned == configuration.parse(json.dumps(INPUTS["full"]))


def test_the_module_has_the_members_of_the_jobs_configuration(
    roots: tftest.TerraformPlanOutput, configuration: ModuleType
) -> None:
    """Terraform writes every member that a variable's type has, null or not."""
    text = job_arguments(roots, "module.full")["--configuration"]
    seen = set()

    def compare(value: Any, document: Any) -> None:
        if isinstance(value, list):
            for each, part in zip(value, document, strict=True):
                compare(each, part)
        elif isinstance(value, dict):
            for key, each in value.items():
                compare(each, document[key])
        elif dataclasses.is_dataclass(value):
            seen.add(type(value))
            assert document.keys() == {each.name for each in dataclasses.fields(value)}
            for name, part in document.items():
                compare(getattr(value, name), part)

    compare(configuration.parse(text), json.loads(text))
    assert seen == {
        kind
        for kind in vars(configuration).values()
        if isinstance(kind, type) and dataclasses.is_dataclass(kind)
    }


def schema_of(plan: tftest.TerraformPlanOutput, module: str, dataset: str) -> dict[str, Any] | None:
    address = f'module.personalize.aws_cloudcontrolapi_resource.schema["{dataset}"]'
    resource = plan.resource_changes.get(f"{module}.{address}")
    if resource is None:
        return None
    return dict(json.loads(json.loads(resource["change"]["after"]["desired_state"])["Schema"]))


@pytest.mark.parametrize("dataset", DATASETS)
def test_schemas_have_the_columns_of_the_csv_files_in_order(
    plan: tftest.TerraformPlanOutput,
    clickstream: tftest.TerraformPlanOutput,
    roots: tftest.TerraformPlanOutput,
    configuration: ModuleType,
    dataset: str,
) -> None:
    planned = [(plan, RECOMMENDATIONS), (clickstream, RECOMMENDATIONS)]
    planned += [(roots, f"module.{key}") for key in INPUTS]
    for output, module in planned:
        parsed = configuration.parse(job_arguments(output, module)["--configuration"])
        told, schema = getattr(parsed, dataset), schema_of(output, module, dataset)
        assert (schema is None) == (told is None)
        if schema is not None:
            assert [field["name"] for field in schema["fields"]] == told.header


def test_the_local_personalize_takes_the_schemas(
    roots: tftest.TerraformPlanOutput, local_aws: LocalAws
) -> None:
    personalize = local_aws.client("personalize")
    for key in INPUTS:
        for dataset in DATASETS:
            schema = schema_of(roots, f"module.{key}", dataset)
            if schema is not None:
                name = f"contract-{key}-{dataset}"
                personalize.create_schema(name=name, schema=json.dumps(schema))


def test_the_walk_through_imports_no_ratings(
    plan: tftest.TerraformPlanOutput, configuration: ModuleType
) -> None:
    schema = schema_of(plan, RECOMMENDATIONS, "interactions")
    assert schema is not None
    assert [field["name"] for field in schema["fields"]] == ["USER_ID", "ITEM_ID", "TIMESTAMP"]
    told = configuration.parse(job_arguments(plan, RECOMMENDATIONS)["--configuration"])
    assert (told.interactions.folder, told.interactions.event_value.minimum) == ("movielens", 3.5)
    assert (told.interactions.format.delimiter, told.interactions.format.quote) == ("\t", "")


def test_the_clickstream_imports_its_events(
    clickstream: tftest.TerraformPlanOutput, configuration: ModuleType
) -> None:
    schema = schema_of(clickstream, RECOMMENDATIONS, "interactions")
    assert schema is not None
    assert schema["fields"] == [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"},
    ]
    told = configuration.parse(job_arguments(clickstream, RECOMMENDATIONS)["--configuration"])
    assert told.interactions.event_type.allowed == ["view", "addtocart", "transaction"]
    assert clickstream.outputs["raw_interactions_prefix"] == "raw/events/"
    module = f"{RECOMMENDATIONS}.module.schedule.aws_scheduler_schedule.this"
    timer = clickstream.resource_changes[module]["change"]["after"]
    assert timer["schedule_expression"] == "cron(0 3 * * ? *)"


def test_raw_prefixes_are_those_that_the_job_reads(
    roots: tftest.TerraformPlanOutput, configuration: ModuleType
) -> None:
    for key in INPUTS:
        arguments = job_arguments(roots, f"module.{key}")
        parsed = configuration.parse(arguments["--configuration"])
        for dataset in DATASETS:
            told = getattr(parsed, dataset)
            prefix = roots.outputs[f"{key}_raw_{dataset}_prefix"]
            assert prefix == (None if told is None else f"raw/{told.folder}/")


def test_the_workflow_imports_every_dataset_and_asks_the_batch_inputs(
    roots: tftest.TerraformPlanOutput, configuration: ModuleType
) -> None:
    for key in INPUTS:
        module = f"module.{key}.module.workflow.aws_sfn_state_machine.this"
        machine = roots.resource_changes[module]["change"]["after"]
        workflow = states_of(machine["definition"])["Configure"]["Assign"]["configuration"]
        parsed = configuration.parse(job_arguments(roots, f"module.{key}")["--configuration"])
        imported = {dataset["folder"]: dataset["arn"] for dataset in workflow["datasets"]}
        configured = [dataset for dataset in DATASETS if getattr(parsed, dataset) is not None]
        assert imported.keys() == set(configured)
        for dataset, arn in imported.items():
            assert arn.endswith(f":dataset/shop-{key}/{dataset.upper()}")
        inputs = {f"batch_{each}_input" for each in parsed.batch_inputs}
        assert {solution["batch_input_folder"] for solution in workflow["solutions"]} <= inputs


# What the roles must agree on


def tasks(states: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for state in states.values():
        if state["Type"] == "Task":
            yield state
        if "ItemProcessor" in state:
            yield from tasks(state["ItemProcessor"]["States"])
        for branch in state.get("Branches", []):
            yield from tasks(branch["States"])


IAM_PREFIXES = {"personalize": "personalize", "s3": "s3", "sfn": "states", "sns": "sns"}


def test_the_workflow_may_do_what_its_tasks_do_and_no_more(
    plan: tftest.TerraformPlanOutput,
) -> None:
    module = f"{RECOMMENDATIONS}.module.workflow"
    machine = plan.resource_changes[f"{module}.aws_sfn_state_machine.this"]["change"]["after"]
    policy = plan.resource_changes[f"{module}.aws_iam_role_policy.this"]["change"]["after"]
    actions = [statement["Action"] for statement in json.loads(policy["policy"])["Statement"]]
    allowed = {a for action in actions for a in ([action] if isinstance(action, str) else action)}
    called = [task["Resource"].split(":::")[1] for task in tasks(states_of(machine["definition"]))]
    needed = {
        f"{IAM_PREFIXES[service]}:{operation[0].upper()}{operation[1:]}"
        for service, operation in (
            call.removeprefix("aws-sdk:").removesuffix(".waitForTaskToken").split(":")
            for call in called
            if call != "glue:startJobRun.sync"
        )
    }
    assert len(needed) >= 24
    assert needed <= allowed
    # What tasks don't call themselves: S3 looks at the bucket for a missing object, and the map
    # runs start, follow and redrive their children.
    beside = {"s3:ListBucket", "states:StartExecution", "states:DescribeExecution"}
    beside |= {"states:RedriveExecution", "iam:PassRole"}
    others = {action for action in allowed if not action.startswith(("logs:", "xray:", "glue:"))}
    assert others == needed | beside


# How .tf files look


def terraform_files(repository: Path) -> list[Path]:
    return [
        *repository.glob("*.tf"),
        *(
            file
            for folder in ("modules", "examples")
            for file in sorted((repository / folder).rglob("*.tf"))
            if ".terraform" not in file.parts
        ),
    ]


def blocks(file: Path, kind: str) -> dict[str, str]:
    """Bodies by name, in the file's order; formatted files have no other brace in column one."""
    return dict(re.findall(rf'^{kind} "(\w+)" \{{\n(.*?)^\}}', file.read_text(), re.M | re.S))


def test_terraform_is_formatted(repository: Path) -> None:
    ended = subprocess.run(
        [str(find_terraform()), "fmt", "-check", "-recursive", "."],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_module_and_example_has_the_standard_files(repository: Path) -> None:
    folders = [repository]
    for parent in ("modules", "examples"):
        folders += [folder for folder in (repository / parent).iterdir() if folder.is_dir()]
    assert len(folders) >= 7
    for folder in folders:
        names = {file.name for file in folder.glob("*.tf")}
        assert {"main.tf", "variables.tf", "outputs.tf", "versions.tf"} <= names, folder.name


@pytest.mark.parametrize("kind", ["variable", "output"])
def test_every_variable_and_output_is_described_in_its_own_file(
    repository: Path, kind: str
) -> None:
    count = 0
    for file in terraform_files(repository):
        found = blocks(file, kind)
        assert not found or file.name == f"{kind}s.tf", file
        for name, body in found.items():
            assert re.search(r'^  description = ".{10,}"$', body, re.M), f"{file}: {name}"
        count += len(found)
    assert count >= 20


def test_every_variable_has_a_type_and_none_is_any(repository: Path) -> None:
    for file in terraform_files(repository):
        for name, body in blocks(file, "variable").items():
            assert re.search(r"^  type +=", body, re.M), f"{file}: {name}"
            without_texts = re.sub(r'"(\\.|[^"\\])*"', "", body)
            assert not re.search(r"\bany\b", without_texts), f"{file}: {name}"


def test_variables_are_the_required_ones_first_then_alphabetical(repository: Path) -> None:
    for file in terraform_files(repository):
        found = [
            (bool(re.search(r"^  default +=", body, re.M)), name)
            for name, body in blocks(file, "variable").items()
        ]
        assert found == sorted(found), file
        outputs = list(blocks(file, "output"))
        assert outputs == sorted(outputs), file


def test_every_folder_asks_for_the_same_versions(repository: Path) -> None:
    versions = {
        file.read_text() for file in terraform_files(repository) if file.name == "versions.tf"
    }
    assert len(versions) == 1


def test_no_aws_personalize_resource_is_invented(repository: Path) -> None:
    """hashicorp/aws has none."""
    assert not any("aws_personalize_" in file.read_text() for file in terraform_files(repository))
