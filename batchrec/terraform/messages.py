"""Terraform's own error messages, as a person is shown them."""

import re


def error_text(trouble: str) -> str:
    """Cut Terraform's errors out of what it wrote to stderr, without the frame around them."""
    plain = "\n".join(line.lstrip("╷│╵").rstrip() for line in trouble.splitlines())
    found = re.search(r"^ ?Error: .*", plain, re.MULTILINE | re.DOTALL)
    return (found[0] if found else plain).strip()


def advice(trouble: str) -> str:
    """Say what helps where the registry, which the errors name, can't be reached."""
    if "registry.terraform.io" not in trouble:
        return ""
    return (
        "\nWhere the registry can't be reached, set BATCHREC_PROVIDER_MIRROR to a folder made by "
        "`terraform providers mirror`."
    )
