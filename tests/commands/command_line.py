"""`batchrec` as a person calls it, in this process."""

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from batchrec.cli import app
from batchrec.console import console


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    exit_code: int
    output: str
    error: str

    @property
    def data(self) -> Any:
        return json.loads(self.output)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Of output that has a JSON object in each line."""
        return [json.loads(line) for line in self.output.splitlines()]

    @property
    def words(self) -> str:
        """The output without the line breaks and spaces of its layout."""
        return " ".join(self.output.split())


def batchrec(*arguments: str, width: int = 200) -> Answer:
    """Call it in a pipe, with a console of this width; its error, which it would print, is raised.

    pytest-xdist sets COLUMNS for its own reasons.
    """
    console.width = width
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Answer(result.exit_code, result.stdout, result.stderr)
