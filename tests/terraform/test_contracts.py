"""What Terraform, the state machine and the job script must agree on."""

import importlib.util
import json
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from batchrec.terraform import find_terraform

# Glue Developer Guide, Using job parameters in AWS Glue jobs.
GLUE_OWN = {
    "--continuous-log-logGroup",
    "--enable-continuous-cloudwatch-log",
    "--enable-metrics",
    "--job-bookmark-option",
    "--job-language",
}


@pytest.fixture(scope="module")
def job(repository: Path) -> ModuleType:
    path = repository / "glue_jobs" / "prepare_training_data.py"
    spec = importlib.util.spec_from_file_location("prepare_training_data_contract", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def accepted_arguments(repository: Path) -> set[str]:
    script = (repository / "glue_jobs" / "prepare_training_data.py").read_text()
    return set(re.findall(r'add_argument\("(--\w+)"', script))


def test_the_job_gets_exactly_the_arguments_it_accepts(repository: Path) -> None:
    terraform = (repository / "modules" / "transform" / "main.tf").read_text()
    (defaults,) = re.findall(r"default_arguments = \{(.*?)\n  \}", terraform, flags=re.DOTALL)
    given = set(re.findall(r'"(--[\w-]+)"\s*=', defaults))
    states = json.loads((repository / "modules/workflow/pipeline.asl.json").read_text())["States"]
    added = set(states["PrepareTrainingData"]["Arguments"]["Arguments"])
    assert not given & added
    assert (given | added) - GLUE_OWN == accepted_arguments(repository)


def test_the_schema_has_the_fields_of_the_csv_header_in_order(
    repository: Path, job: ModuleType
) -> None:
    terraform = (repository / "modules" / "personalize" / "main.tf").read_text()
    fields = re.findall(r'\{ name = "(\w+)", type = "\w+" \}', terraform)
    assert job.INTERACTIONS_HEADER.split(",") == fields


def terraform_files(repository: Path) -> list[Path]:
    found = [*repository.glob("*.tf")]
    for folder in ("modules", "examples"):
        found += sorted((repository / folder).rglob("*.tf"))
    return [file for file in found if ".terraform" not in file.parts]


def test_terraform_is_formatted(repository: Path) -> None:
    ended = subprocess.run(
        [str(find_terraform()), "fmt", "-check", "-recursive", "."],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout


def test_every_module_and_example_has_the_standard_files(repository: Path) -> None:
    folders = {file.parent for file in terraform_files(repository)}
    assert len(folders) == 7
    for folder in folders:
        names = {file.name for file in folder.glob("*.tf")}
        assert {"main.tf", "variables.tf", "outputs.tf", "versions.tf"} <= names, folder


@pytest.mark.parametrize("kind", ["variable", "output"])
def test_every_variable_and_output_is_described(repository: Path, kind: str) -> None:
    for file in terraform_files(repository):
        blocks = re.findall(rf'^{kind} "(\w+)" \{{(.*?)^\}}', file.read_text(), flags=re.M | re.S)
        for name, body in blocks:
            assert re.search(r'^  description = ".{10,}"$', body, flags=re.M), f"{file}: {name}"
            assert not re.search(r"\bany\b\s*$", body, flags=re.M), f"{file}: {name}"


def test_no_aws_personalize_resource_is_invented(repository: Path) -> None:
    """hashicorp/aws has none."""
    assert not any("aws_personalize_" in file.read_text() for file in terraform_files(repository))
