"""Keep a local AWS in the foreground, and say how to reach it."""

import time

from batchrec.console import console
from batchrec.localaws.server import LocalAws
from batchrec.terraform.local_provider import provider_block


def explain(aws: LocalAws) -> None:
    """Print how boto3, the AWS CLI and Terraform reach it."""
    exports = "\n".join(f"export {name}={value}" for name, value in aws.environment().items())
    console.print("\nFor boto3, the AWS CLI and Terraform's own calls:\n")
    console.print(exports, soft_wrap=True, highlight=False, markup=False)
    console.print("\nFor Terraform:\n")
    console.print(provider_block(aws.endpoint), soft_wrap=True, highlight=False, markup=False)


def serve_until_interrupted() -> None:
    """Wait for Ctrl-C."""
    console.print("The local AWS runs until Ctrl-C.")
    while True:
        time.sleep(3600)
