"""A role at work."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Session:
    """A role that somebody assumed.

    Attributes:
        role_arn: the role.
        name: of the session.
        service: the principal that assumed it, e.g. "glue.amazonaws.com"; "" for a person.
        access_key: what its calls are signed with.
        secret: belongs to the access key.
        token: belongs to the access key.
    """

    role_arn: str
    name: str
    service: str
    access_key: str
    secret: str
    token: str

    @property
    def arn(self) -> str:
        """The principal, as messages name it."""
        _, partition, _, _, account, role = self.role_arn.split(":", 5)
        return f"arn:{partition}:sts::{account}:assumed-role/{role.rpartition('/')[2]}/{self.name}"

    @property
    def account(self) -> str:
        """The role's account."""
        return self.role_arn.split(":")[4]

    @property
    def partition(self) -> str:
        """The role's partition."""
        return self.role_arn.split(":")[1]
