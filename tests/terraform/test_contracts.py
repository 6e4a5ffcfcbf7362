"""What Terraform, the state machine and the job script must agree on, and how .tf files look."""

import argparse
import importlib.util
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tftest

from batchrec.terraform import find_terraform

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


# The job's arguments


@pytest.fixture(scope="module")
def job(repository: Path) -> ModuleType:
    path = repository / "glue_jobs" / "prepare_training_data.py"
    spec = importlib.util.spec_from_file_location("prepare_training_data_contract", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def parser(job: ModuleType, monkeypatch: pytest.MonkeyPatch) -> argparse.ArgumentParser:
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
            job.main([])
    return found[0]


@pytest.fixture
def given(plan: tftest.TerraformPlanOutput, repository: Path) -> dict[str, str]:
    """What a run of the example passes to the script, by name, without Glue's own."""
    change = plan.resource_changes[f"{RECOMMENDATIONS}.module.transform.aws_glue_job.this"]
    defaults = change["change"]["after"]["default_arguments"]
    states = states_of((repository / "modules/workflow/pipeline.asl.json").read_text())
    added = states["PrepareTrainingData"]["Arguments"]["Arguments"]
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
    assert arguments.source == "s3://movielens-123456789012-us-east-1/raw/movielens/"
    assert arguments.minimum_rating == 3.5


def test_the_job_requires_what_has_no_default(
    parser: argparse.ArgumentParser, given: dict[str, str]
) -> None:
    for missing in given.keys() - {"--minimum_rating"}:
        rest = [part for name, value in given.items() if name != missing for part in (name, value)]
        with pytest.raises(SystemExit):
            parser.parse_known_args(rest)


# What the data, the schema and the roles must agree on


def test_the_schema_has_the_columns_of_the_csv_files_in_order(
    plan: tftest.TerraformPlanOutput, job: ModuleType
) -> None:
    address = 'module.personalize.aws_cloudcontrolapi_resource.schema["interactions"]'
    change = plan.resource_changes[f"{RECOMMENDATIONS}.{address}"]["change"]
    schema = json.loads(json.loads(change["after"]["desired_state"])["Schema"])
    assert [field["name"] for field in schema["fields"]] == job.INTERACTIONS_HEADER.split(",")


def tasks(states: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for state in states.values():
        if state["Type"] == "Task":
            yield state
        if "ItemProcessor" in state:
            yield from tasks(state["ItemProcessor"]["States"])
        for branch in state.get("Branches", []):
            yield from tasks(branch["States"])


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
        f"personalize:{operation[0].upper()}{operation[1:]}"
        for service, _, operation in (call.rpartition(":") for call in called)
        if service == "aws-sdk:personalize"
    }
    assert len(needed) >= 9
    assert {action for action in allowed if action.startswith("personalize:")} == needed
    others = {call for call in called if not call.startswith("aws-sdk:personalize:")}
    assert others == {"glue:startJobRun.sync"}


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
            without_texts = re.sub(r'"[^"]*"', "", body)
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
