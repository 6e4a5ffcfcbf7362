"""Tags (Developer Guide, Tagging Amazon Personalize resources)."""

from typing import Any

from batchrec.localaws.personalize import tagging
from batchrec.localaws.personalize.models.base import ResourceBackend


class TagBackend(ResourceBackend):
    """Operations on the tags of any resource."""

    def tag_resource(self, resourceArn: str, tags: list[dict[str, str]]) -> dict[str, Any]:
        """API Reference, TagResource."""
        resource = self._any(resourceArn)
        tagging.require(resource.tags, tags)
        keys = {tag["tagKey"] for tag in tags}
        resource.tags = [tag for tag in resource.tags if tag["tagKey"] not in keys] + tags
        return {}

    def untag_resource(self, resourceArn: str, tagKeys: list[str]) -> dict[str, Any]:
        """API Reference, UntagResource."""
        resource = self._any(resourceArn)
        tagging.require_few_keys(tagKeys)
        resource.tags = [tag for tag in resource.tags if tag["tagKey"] not in tagKeys]
        return {}

    def list_tags_for_resource(self, resourceArn: str) -> dict[str, Any]:
        """API Reference, ListTagsForResource."""
        return {"tags": self._any(resourceArn).tags}
