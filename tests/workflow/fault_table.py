"""Print the fault matrix as a Markdown table, from the JUnit file of its test."""

import json
import sys
from xml.etree import ElementTree

FAULTS = (
    "throttled 3 times",
    "throttled for ever",
    "access denied",
    "AlreadyExists",
    "ResourceInUse then free",
    "LimitExceeded then free",
    "CREATE FAILED",
    "stuck",
    "unknown status",
    "missing field",
    "Glue FAILED",
    "Glue TIMEOUT",
    "Glue STOPPED",
)
GOES_ON = {"SUCCEEDED": "goes on", "SKIPPED": "skipped", "TORN_DOWN": "goes on"}


def main(junit: str) -> None:
    rows: dict[str, dict[str, str]] = {}
    for case in ElementTree.parse(junit).iter("testcase"):
        for found in case.iter("property"):
            state, fault, outcome, seconds = json.loads(found.get("value", ""))
            broken = case.find("failure") is not None
            text = "BROKEN" if broken else GOES_ON.get(outcome, f"fails in {seconds / 60:.0f} min")
            rows.setdefault(state, {})[fault] = text
    print("| state | " + " | ".join(FAULTS) + " |")  # noqa: T201
    print("|---" * (len(FAULTS) + 1) + "|")  # noqa: T201
    for state, cells in rows.items():
        print(f"| `{state}` | " + " | ".join(cells.get(fault, "") for fault in FAULTS) + " |")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
