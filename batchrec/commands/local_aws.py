"""`batchrec local-aws`."""

from typing import Annotated

import typer

from batchrec.commands.options import Faults, State


def local_aws(
    port: Annotated[int, typer.Option(help="TCP port on 127.0.0.1; 0 takes a free one.")] = 0,
    fault: Faults = None,
    state: State = None,
) -> None:
    """Run the local AWS alone, and print how to reach it.

    Example: batchrec local-aws --port 4566 --fault 'CreateBatchInferenceJob hang'
    """
    from batchrec.commands import serving
    from batchrec.localaws import fault_syntax
    from batchrec.localaws.server import LocalAws

    faults = [fault_syntax.parse(text) for text in fault or []]
    with LocalAws(port, state=state) as aws:
        for each in faults:
            aws.faults.add(each)
        serving.explain(aws)
        serving.serve_until_interrupted()
