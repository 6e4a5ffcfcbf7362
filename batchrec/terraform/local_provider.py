"""The aws provider's settings for a local AWS."""

import json

_SERVICES = (
    "cloudcontrol",
    "cloudformation",
    "cloudwatch",
    "events",
    "glue",
    "iam",
    "kms",
    "logs",
    "s3",
    "scheduler",
    "sfn",
    "sns",
    "sqs",
    "sts",
)


def provider_block(endpoint: str, region: str = "us-east-1") -> str:
    """Return the `provider "aws"` block, in Terraform's format, that points at a local AWS.

    Null settings take back what a configuration's own block says; a profile or an account list of
    the person's doesn't exist on a local AWS.
    """
    width = max(map(len, _SERVICES))
    endpoints = "\n".join(f"    {name:{width}} = {json.dumps(endpoint)}" for name in _SERVICES)
    return f"""\
provider "aws" {{
  region                      = {json.dumps(region)}
  access_key                  = "local"
  secret_key                  = "local"
  profile                     = null
  allowed_account_ids         = null
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true

  endpoints {{
{endpoints}
  }}
}}
"""
