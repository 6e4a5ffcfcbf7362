"""The recipes that exist, and what each can do (Developer Guide, Choosing a recipe)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """A predefined recipe."""

    name: str
    batch_inference: bool = True

    @property
    def arn(self) -> str:
        """The recipe's ARN: owned by the service, so without Region and account."""
        return f"arn:aws:personalize:::recipe/{self.name}"


# Those that the local Personalize trains.
_RECIPES = (
    Recipe("aws-user-personalization"),
    Recipe("aws-user-personalization-v2"),
    Recipe("aws-popularity-count"),
)


def get(arn: str | None) -> Recipe | None:
    """Return the recipe with this ARN, None if the local Personalize has none."""
    return next((recipe for recipe in _RECIPES if recipe.arn == arn), None)
