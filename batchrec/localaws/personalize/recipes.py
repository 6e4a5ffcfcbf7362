"""The recipes that exist, and what each can do (Developer Guide, Choosing a recipe)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """A predefined recipe.

    Args:
        name: the last part of its ARN.
        type: its kind of use case, as in DescribeRecipe.
        batch_inference: whether CreateBatchInferenceJob takes it.
        batch_segment: whether CreateBatchSegmentJob takes it.
        themes: whether batch inference can generate themes.
        update_mode: whether `trainingMode` UPDATE exists.
        needs_items: whether training needs an Items dataset, as well as interactions.
        trained: whether the local Personalize trains it.
    """

    name: str
    type: str
    batch_inference: bool = False
    batch_segment: bool = False
    themes: bool = False
    update_mode: bool = False
    needs_items: bool = False
    trained: bool = True

    @property
    def arn(self) -> str:
        """The recipe's ARN: owned by the service, so without Region and account."""
        return f"arn:aws:personalize:::recipe/{self.name}"


_USER, _RANKING = "USER_PERSONALIZATION", "PERSONALIZED_RANKING"
_RELATED, _SEGMENTATION = "RELATED_ITEMS", "USER_SEGMENTATION"

_RECIPES = (
    Recipe("aws-user-personalization", _USER, batch_inference=True, update_mode=True),
    Recipe("aws-user-personalization-v2", _USER, batch_inference=True),
    # The Developer Guide files it under POPULAR_ITEMS, which the API doesn't have.
    Recipe("aws-popularity-count", _USER, batch_inference=True),
    Recipe("aws-personalized-ranking", _RANKING, batch_inference=True),
    Recipe("aws-personalized-ranking-v2", _RANKING, batch_inference=True),
    Recipe("aws-similar-items", _RELATED, batch_inference=True, themes=True),
    Recipe("aws-sims", _RELATED, batch_inference=True),
    Recipe("aws-item-affinity", _SEGMENTATION, batch_segment=True),
    Recipe("aws-item-attribute-affinity", _SEGMENTATION, batch_segment=True, needs_items=True),
    # These serve no batch jobs.
    Recipe("aws-trending-now", _USER, trained=False),
    Recipe("aws-next-best-action", "PERSONALIZED_ACTIONS", trained=False),
)


def get(arn: str | None) -> Recipe | None:
    """Return the recipe with this ARN, None if the local Personalize has none."""
    return next((recipe for recipe in _RECIPES if recipe.arn == arn), None)
