"""A role for Amazon Personalize."""

import json
from typing import Any


def create(iam: Any, name: str) -> str:
    """Make a role with which Personalize can read and write in S3; return its ARN."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "personalize.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    actions = ["s3:GetObject", "s3:ListBucket", "s3:PutObject"]
    use = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))
    iam.put_role_policy(RoleName=name, PolicyName="s3", PolicyDocument=_policy(use))
    return str(made["Role"]["Arn"])


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
