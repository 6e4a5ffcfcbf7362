"""What the module's recipes are asked about, and what they answer, as recipes.tf has it."""

_ASKED = {
    "aws-similar-items": "items",
    "aws-sims": "items",
    "aws-item-affinity": "items",
    "aws-item-attribute-affinity": "item attributes",
}  # all others about users
_SEGMENTS = ("aws-item-affinity", "aws-item-attribute-affinity")


def asked_by(recipe: str) -> str:
    """Say what a recipe is asked about: users, items or item attributes."""
    return _ASKED.get(recipe, "users")


def answered_by(recipe: str) -> str:
    """Say what a recipe answers: items or users."""
    return "users" if recipe in _SEGMENTS else "items"


def job_of(recipe: str) -> str:
    """Return the kind of a recipe's batch job: inference or segment."""
    return "segment" if recipe in _SEGMENTS else "inference"


def is_v2(recipe: str) -> bool:
    """Whether a recipe is one of those with other limits and prices."""
    return recipe.endswith("-v2")
