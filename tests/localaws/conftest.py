"""What the tests of several services share."""

from collections.abc import Callable

import pytest
from personalize_world import ROLE


@pytest.fixture(scope="session")
def role(personalize_role: Callable[[str], str]) -> str:
    """The role that tests give to jobs."""
    assert personalize_role(ROLE.rpartition("/")[2]) == ROLE
    return ROLE
