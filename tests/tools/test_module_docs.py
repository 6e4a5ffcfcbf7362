"""The tables in the READMEs say what the code says."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

VARIABLES = """\
variable "shape" {
  description = "What it looks like: round | square."
  type = object({
    corner = optional(string, "\\"") # a | b
    sides = object({
      length = number
    })
  })

  validation {
    condition     = true
    error_message = "type = x"
  }
}

variable "name" {
  description = "Its <name>."
  type        = string
  default     = null
}
"""
EXPECTED = """\
### Requirements

| Name | Version |
| --- | --- |
| Terraform | `>= 1.9` |
| hashicorp/aws | `>= 5.80, < 7` |

### Inputs

| Name | Description | Type | Default |
| --- | --- | --- | --- |
| `shape` | What it looks like: round \\| square. | <pre>object({<br>  corner = optional(string, \
"&#92;"") # a &#124; b<br>  sides = object({<br>    length = number<br>  })<br>})</pre> | required |
| `name` | Its &lt;name&gt;. | `string` | `null` |

### Outputs

| Name | Description |
| --- | --- |
| `area` | How big it is. |
| `colour` | What colour it has. |
"""


@pytest.fixture(scope="module")
def module_docs(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "module_docs", repository / "tools/module_docs.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_table_is_stale(module_docs: ModuleType, repository: Path) -> None:
    for readme in module_docs.readmes(repository):
        stale = f"{readme.relative_to(repository)} is stale: run `make docs`"
        assert readme.read_text(encoding="utf-8") == module_docs.with_tables(readme), stale


def test_every_module_has_a_readme(module_docs: ModuleType, repository: Path) -> None:
    folders = {file.parent for file in repository.glob("modules/*/main.tf")} | {repository}
    assert {readme.parent for readme in module_docs.readmes(repository)} == folders


def test_tables_are_made_of_the_code(module_docs: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "variables.tf").write_text(VARIABLES)
    (tmp_path / "outputs.tf").write_text(
        'output "colour" {\n  description = "What colour it has."\n  value = 1\n}\n'
        'output "area" {\n  description = "How big it is."\n  value = 1\n}\n'
    )
    (tmp_path / "versions.tf").write_text(
        'terraform {\n  required_version = ">= 1.9"\n  required_providers {\n    aws = {\n'
        '      source  = "hashicorp/aws"\n      version = ">= 5.80, < 7"\n    }\n  }\n}\n'
    )
    assert module_docs.tables(tmp_path) == EXPECTED


def test_only_what_stands_between_the_markers_is_written(
    module_docs: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "outputs.tf").touch()
    readme = tmp_path / "README.md"
    readme.write_text(f"# Title\n\n{module_docs.BEGIN}\nold\n{module_docs.END}\nThe end.\n")
    before, written = module_docs.with_tables(readme).split(module_docs.BEGIN)
    assert before == "# Title\n\n"
    assert written.endswith(f"{module_docs.END}\nThe end.\n")
    assert "old" not in written
    readme.write_text(module_docs.with_tables(readme))
    assert module_docs.with_tables(readme) == readme.read_text()


@pytest.mark.parametrize("text", ["", "{END}{BEGIN}", "{BEGIN}", "{BEGIN}{END}{BEGIN}{END}"])
def test_a_readme_without_its_markers_is_named(
    module_docs: ModuleType, tmp_path: Path, text: str
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(text.format(BEGIN=module_docs.BEGIN, END=module_docs.END))
    with pytest.raises(ValueError, match=r"README\.md needs the lines <!-- BEGIN INPUTS"):
        module_docs.with_tables(readme)
