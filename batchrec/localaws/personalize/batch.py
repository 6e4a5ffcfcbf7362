"""Batch jobs: JSON lines in S3 in, JSON lines in S3 out.

Developer Guide: Batch input and output JSON examples. Form of the lines and the `_CHECK` object
follow recorded files of real jobs.
"""

import json
from collections.abc import Iterator
from typing import Any

from batchrec.localaws.personalize.exceptions import JobFailure, UserError
from batchrec.localaws.personalize.families import Family, Query
from batchrec.localaws.personalize.storage import Storage

# Developer Guide, Endpoints and quotas.
MAXIMUM_FILES = 1000
MAXIMUM_BYTES = 10**9


def run(storage: Storage, family: Family[Any], source: str, destination: str) -> None:
    """Answer every line of every input file under `source`.

    Raises:
        JobFailure: there is no input, or too much; it is no text, or would share its output file.
    """
    inputs: dict[str, list[dict[str, Any]]] = {}
    size = 0
    files = storage.prefix(source)
    if len(files) > MAXIMUM_FILES:
        raise JobFailure(f"The input has {len(files):,} files; it can have {MAXIMUM_FILES:,}.")
    for file in files:
        name = file.rpartition("/")[2]
        if name in inputs:  # what AWS does isn't documented; never answers that replace others
            raise JobFailure(f"More than one input file is named {name}.")
        content = storage.read(file)
        size += len(content)
        if size > MAXIMUM_BYTES:
            raise JobFailure(f"The input is larger than {MAXIMUM_BYTES:,} bytes.")
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            raise JobFailure(f"{file} is not UTF-8: {error}") from error
        # JSON Lines: nothing but a line feed ends a line, as splitlines() would have it.
        inputs[name] = [_parsed(line) for line in text.split("\n") if line.strip()]
    if not inputs:
        raise JobFailure("Invalid S3 input path")
    family.require_size([len(lines) for lines in inputs.values()])
    for name, lines in inputs.items():
        answers = "".join(f"{line}\n" for line in _answers(family, lines))
        encoded = answers.encode(errors="replace")  # escaped halves of characters are no text
        storage.write(f"{destination.rstrip('/')}/{name}.out", encoded)
    storage.write(f"{destination.rstrip('/')}/_CHECK", b"")


def _answers(family: Family[Any], lines: list[dict[str, Any]]) -> Iterator[str]:
    read = [_read(family, given) for given in lines]
    outputs = iter(family.answer([query for query in read if isinstance(query, Query)]))
    for given, query in zip(lines, read, strict=True):
        echoed = json.dumps(given, separators=(",", ":"), ensure_ascii=False)
        usable = isinstance(query, Query)
        output = next(outputs) if usable else family.nothing
        error = "null" if usable else json.dumps(str(query), ensure_ascii=False)
        yield f'{{"input":{echoed},"output":{output},"error":{error}}}'


def _read(family: Family[Any], given: dict[str, Any]) -> Query[Any] | UserError:
    try:
        return family.read(given)
    except UserError as error:
        return error


def _parsed(line: str) -> dict[str, Any]:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}
