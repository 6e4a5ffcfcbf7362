"""Rules for tags (Developer Guide, Tagging Amazon Personalize resources, Guidelines)."""

from batchrec.localaws.personalize.exceptions import (
    InvalidInputException,
    TooManyTagKeysException,
    TooManyTagsException,
)

MAXIMUM = 50  # of a resource

Tags = list[dict[str, str]]


def require(present: Tags, added: Tags) -> None:
    """Check tags that are added to those of a resource.

    Raises:
        InvalidInputException: a key comes twice, or begins with `aws:`.
        TooManyTagsException: the resource would have more than 50.
    """
    keys = [tag["tagKey"] for tag in added]
    if len(set(keys)) < len(keys):
        raise InvalidInputException("Each tag key must be unique.")
    for text in (text for tag in added for text in tag.values()):
        if text.lower().startswith("aws:"):
            raise InvalidInputException(f"Tag keys and values can't start with aws:, as in {text}.")
    if len({tag["tagKey"] for tag in present} | set(keys)) > MAXIMUM:
        raise TooManyTagsException(f"A resource can have at most {MAXIMUM} tags.")


def require_few_keys(keys: list[str]) -> None:
    """Check the keys of tags that are removed; that more than 50 are too many is ours.

    Raises:
        TooManyTagKeysException: there are more than a resource can have.
    """
    if len(keys) > MAXIMUM:
        raise TooManyTagKeysException(f"At most {MAXIMUM} tag keys can be removed at once.")
