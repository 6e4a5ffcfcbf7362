"""Steps are announced before they are done: some take a minute."""

import io

from rich.console import Console

from batchrec.console import Steps


def test_in_a_pipe_a_step_is_announced_when_it_begins() -> None:
    file = io.StringIO()
    steps = Steps(Console(file=file, width=100), total=2)
    with steps.step("Apply [this]"):
        assert file.getvalue() == "1/2 … Apply [this]\n"
    begun, done = file.getvalue().splitlines()
    assert done.startswith("1/2 ✓ Apply [this] ")
    assert begun == "1/2 … Apply [this]"
