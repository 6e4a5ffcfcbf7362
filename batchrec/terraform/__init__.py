"""Find Terraform and its provider, and run it on a private copy of a configuration."""

from batchrec.terraform.executable import MINIMUM_VERSION, find_terraform
from batchrec.terraform.local_provider import provider_block
from batchrec.terraform.workspace import Workspace

__all__ = ["MINIMUM_VERSION", "Workspace", "find_terraform", "provider_block"]
