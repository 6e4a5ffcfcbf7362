"""What every recommender answers, whatever it was trained with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Ranking:
    """One user's recommendations, best first.

    Args:
        items: item ids.
        scores: one number an item, descending and not rounded. They are shares of 1 that the whole
            catalogue divides among itself, the user's own items included, so a list of 25 sums to
            less (Amazon Personalize Developer Guide, How User-Personalization recommendation
            scoring works).
    """

    items: list[str]
    scores: list[float]


class Recommender(Protocol):
    """A trained model."""

    def recommend(self, user_ids: Sequence[str], count: int) -> list[Ranking]:
        """Rank items for each user.

        Args:
            user_ids: who asks; a user without an event in the training data gets popular items.
            count: items a user, at least 1.

        Returns:
            One ranking a user, in the order asked: `count` items, none of which the user has an
            event with in the training data; fewer only when the catalogue has no more.
        """
        ...
