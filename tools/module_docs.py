"""Write each module's tables of requirements, inputs and outputs into its README, from its code.

They take the place of what stands between the two markers; nothing else of a README is touched.
Run by `make docs`.
"""

import html
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import hcl2

BEGIN = "<!-- BEGIN INPUTS AND OUTPUTS -->"
END = "<!-- END INPUTS AND OUTPUTS -->"


def readmes(repository: Path) -> list[Path]:
    """Return the README of the root module and of every module that has one."""
    return [repository / "README.md", *sorted(repository.glob("modules/*/README.md"))]


def with_tables(readme: Path) -> str:
    """Return a README's text with the tables of the module in its folder.

    Raises:
        ValueError: the markers aren't there, in their order and once.
    """
    text = readme.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in after or END in before or END in after:
        raise ValueError(f"{readme} needs the lines {BEGIN} and {END}, once and in this order.")
    return f"{before}{BEGIN}\n\n{tables(readme.parent)}\n{END}{after}"


def tables(module: Path) -> str:
    """Return a module's requirements, inputs and outputs as Markdown tables."""
    files = sorted(module.glob("*.tf"))
    source = "\n".join(file.read_text(encoding="utf-8") for file in files)
    parsed = [_parse(file) for file in files]
    inputs = dict(_blocks(parsed, "variable"))
    outputs = dict(_blocks(parsed, "output"))
    sections = {
        "Requirements": (["Name", "Version"], _requirements(parsed)),
        "Inputs": (
            ["Name", "Description", "Type", "Default"],
            [
                [
                    f"`{name}`",
                    _text(body["description"]),
                    _code(_type(source, name)),
                    _code(_default(body["default"])) if "default" in body else "required",
                ]
                for name, body in inputs.items()
            ],
        ),
        "Outputs": (
            ["Name", "Description"],
            [[f"`{name}`", _text(outputs[name]["description"])] for name in sorted(outputs)],
        ),
    }
    return "\n".join(
        f"### {title}\n\n{_table(header, rows)}" for title, (header, rows) in sections.items()
    )


def main(repository: Path) -> int:
    """Write the tables into every README; returns the exit code."""
    for readme in readmes(repository):
        try:
            readme.write_text(with_tables(readme), encoding="utf-8")
        except ValueError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


def _parse(file: Path) -> dict[str, Any]:
    options = hcl2.SerializationOptions(strip_string_quotes=True, explicit_blocks=False)
    with file.open(encoding="utf-8") as opened:
        return dict(hcl2.load(opened, serialization_options=options))


def _blocks(parsed: list[dict[str, Any]], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in parsed:
        for block in file.get(kind, []):
            yield from block.items()


def _requirements(parsed: list[dict[str, Any]]) -> list[list[str]]:
    settings = [block for file in parsed for block in file.get("terraform", [])]
    rows = [
        ["Terraform", _code(block["required_version"])]
        for block in settings
        if "required_version" in block
    ]
    for block in settings:
        for providers in block.get("required_providers", []):
            rows += [[each["source"], _code(each["version"])] for each in providers.values()]
    return rows


def _type(source: str, name: str) -> str:
    """As it is written, with its comments: the parser would give it back on one line."""
    # In Terraform's format, what continues an argument is indented further, or a bracket.
    found = re.search(
        rf'^variable "{name}" {{\n(?:(?!^}}).*\n)*?  type +=\s(.*(?:\n(?:    | *[)\]}}]).*)*)\n',
        source,
        re.MULTILINE,
    )
    if found is None:
        raise ValueError(f'variable "{name}" has no type.')
    return re.sub(r"^  ", "", found[1], flags=re.MULTILINE)


def _default(value: object) -> str:
    return "null" if value is None else json.dumps(value, ensure_ascii=False)


def _text(words: str) -> str:
    return html.escape(words, quote=False).replace("|", "\\|")


def _code(source: str) -> str:
    """For a table's cell, where a line break ends the row."""
    if "\n" not in source:
        return "`" + source.replace("|", "\\|") + "`"
    escaped = (
        html.escape(source, quote=False)
        .replace("|", "&#124;")
        .replace("\\", "&#92;")
        .replace("*", "&#42;")
    )
    return f"<pre>{escaped}</pre>".replace("\n", "<br>")


def _table(header: list[str], rows: Iterable[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parents[1]))
