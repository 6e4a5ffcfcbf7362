"""What each family of recipes reads from a line of batch input, and how it answers.

Developer Guide: Preparing input data for batch recommendations, and for user segments. Keys, their
order and the wrapper of segments follow recorded files of real jobs where there are some.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from batchrec.localaws.personalize import item_expressions, themes
from batchrec.localaws.personalize.eligibility import Asker, Eligibility
from batchrec.localaws.personalize.exceptions import JobFailure, UserError
from batchrec.localaws.personalize.scores import score_text
from batchrec.recommender import (
    Attribute,
    Eligible,
    ItemRanker,
    Recommender,
    RelatedItems,
    Segmenter,
)

Wanted = TypeVar("Wanted")


@dataclass(frozen=True)
class Query(Generic[Wanted]):
    """A usable line: what the model is asked for, and for whom."""

    wanted: Wanted
    asker: Asker


class Family(ABC, Generic[Wanted]):
    """How the lines for a trained model are read and answered.

    Args:
        count: `numResults` of the job.
        eligibility: the job's filter at work, if it has one.
    """

    required: ClassVar[str]  # as a line's error names it
    nothing: ClassVar[str] = '{"recommendedItems":[]}'

    def __init__(self, count: int, eligibility: Eligibility | None) -> None:
        self._count = count
        self._eligibility = eligibility

    def require_size(self, lines: Sequence[int]) -> None:
        """Check the number of lines of each input file.

        Raises:
            JobFailure: there are too many.
        """

    def read(self, given: dict[str, Any]) -> Query[Wanted]:
        """Read a line.

        Raises:
            UserError: it can't be answered.
        """
        wanted = self._wanted(given)
        if wanted is None:
            raise UserError(f"Required fields for the provided recipe are {self.required}")
        values = given.get("filterValues")
        query = Query(
            wanted, Asker(_text(given, "userId"), values if isinstance(values, dict) else None)
        )
        if self._eligibility is not None:
            self._eligibility.check(query.asker)
        return query

    @abstractmethod
    def answer(self, queries: list[Query[Wanted]]) -> Iterator[str]:
        """Give the `output` of each query, as JSON."""

    @abstractmethod
    def _wanted(self, given: dict[str, Any]) -> Wanted | None:
        """Return what the model is asked for, None where a field is missing."""

    def _eligible(self, queries: list[Query[Wanted]]) -> Eligible | None:
        eligibility = self._eligibility
        return None if eligibility is None else (eligibility.mask(q.asker) for q in queries)


class UserRecommendations(Family[str]):
    """A user's items; popular items come without scores."""

    required = "userId"

    def __init__(
        self, model: Recommender, count: int, eligibility: Eligibility | None, *, scored: bool
    ) -> None:
        super().__init__(count, eligibility)
        self._model = model
        self._scored = scored

    def _wanted(self, given: dict[str, Any]) -> str | None:
        return _text(given, "userId")

    def answer(self, queries: list[Query[str]]) -> Iterator[str]:
        """Give recommended items and scores."""
        users = [query.wanted for query in queries]
        for ranking in self._model.recommend(users, self._count, self._eligible(queries)):
            yield _recommended(ranking.items, ranking.scores if self._scored else None)


class PersonalizedRankings(Family[tuple[str, list[str]]]):
    """A user's order of given items.

    Items that the model doesn't know come last, without a score: the list of scores is shorter.
    Whether that is how batch files show it isn't verified.
    """

    required = "userId, itemList"

    def __init__(self, model: ItemRanker, count: int, eligibility: Eligibility | None) -> None:
        super().__init__(count, eligibility)
        self._model = model

    def _wanted(self, given: dict[str, Any]) -> tuple[str, list[str]] | None:
        user, items = _text(given, "userId"), given.get("itemList")
        usable = isinstance(items, list) and items and all(isinstance(item, str) for item in items)
        return (user, items) if user and usable and isinstance(items, list) else None

    def answer(self, queries: list[Query[tuple[str, list[str]]]]) -> Iterator[str]:
        """Give all the items, whatever `numResults` says."""
        users = [query.wanted[0] for query in queries]
        lists = [query.wanted[1] for query in queries]
        for ranking in self._model.rank(users, lists, self._eligible(queries)):
            yield _recommended(ranking.items, ranking.scores)


class ItemRecommendations(Family[str]):
    """Items like an item."""

    required = "itemId"

    def __init__(self, model: RelatedItems, count: int, eligibility: Eligibility | None) -> None:
        super().__init__(count, eligibility)
        self._model = model

    def _wanted(self, given: dict[str, Any]) -> str | None:
        return _text(given, "itemId")

    def answer(self, queries: list[Query[str]]) -> Iterator[str]:
        """Give recommended items, without scores."""
        for items in self._related(queries):
            yield _recommended(items)

    def _related(self, queries: list[Query[str]]) -> list[list[str]]:
        items = [query.wanted for query in queries]
        return self._model.related(items, self._count, self._eligible(queries))


class ThemedRecommendations(ItemRecommendations):
    """Items like an item, and what they have in common."""

    MAXIMUM_LINES = 100  # of an input file

    def __init__(
        self,
        model: RelatedItems,
        count: int,
        eligibility: Eligibility | None,
        names: Mapping[str, str],
    ) -> None:
        super().__init__(model, count, eligibility)
        self._names = names

    def require_size(self, lines: Sequence[int]) -> None:
        """Check the number of lines of each file."""
        if max(lines) > self.MAXIMUM_LINES:
            raise JobFailure(
                f"An input file has {max(lines)} lines; with themes it can have at most"
                f" {self.MAXIMUM_LINES}."
            )

    def answer(self, queries: list[Query[str]]) -> Iterator[str]:
        """Give recommended items, their theme and their relevance to it."""
        for items in self._related(queries):
            theme = themes.find(items, self._names)
            relevance = ",".join(map(score_text, theme.relevance))
            yield (
                f'{{"recommendedItems":{_json(theme.items)},"theme":{_json(theme.name)},'
                f'"itemsThemeRelevanceScores":[{relevance}]}}'
            )


class Segments(Family[Wanted]):
    """Users for something. How errors of lines look like isn't known; here as for items."""

    nothing = '{"usersList":[]}'
    maximum_lines: ClassVar[int]  # of the whole input

    def __init__(
        self, model: Segmenter[Wanted], count: int, eligibility: Eligibility | None
    ) -> None:
        super().__init__(count, eligibility)
        self._model = model

    def require_size(self, lines: Sequence[int]) -> None:
        """Check the number of lines; that AWS does so after the job began isn't verified."""
        if sum(lines) > self.maximum_lines:
            raise JobFailure(
                f"The input has {sum(lines)} lines; for the solution's recipe it can have at most"
                f" {self.maximum_lines}."
            )

    def read(self, given: dict[str, Any]) -> Query[Wanted]:
        """Read a line; what it asks for must have been in the training data."""
        query = super().read(given)
        if not self._model.knows(query.wanted):
            raise UserError(f"The training data has no items for {self.required}")
        return query

    def answer(self, queries: list[Query[Wanted]]) -> Iterator[str]:
        """Give users, the likeliest first."""
        wanted = [query.wanted for query in queries]
        for users in self._model.segment(wanted, self._count, self._eligible(queries)):
            yield f'{{"usersList":{_json(users)}}}'


class ItemSegments(Segments[str]):
    """Users for an item."""

    required = "itemId"
    maximum_lines = 500

    def _wanted(self, given: dict[str, Any]) -> str | None:
        return _text(given, "itemId")


class AttributeSegments(Segments[list[Attribute]]):
    """Users for items of a kind."""

    required = "itemAttributes"
    maximum_lines = 10

    def _wanted(self, given: dict[str, Any]) -> list[Attribute] | None:
        expression = _text(given, "itemAttributes")
        return item_expressions.parse(expression) if expression else None


def _recommended(items: list[str], scores: list[float] | None = None) -> str:
    if scores is None:
        return f'{{"recommendedItems":{_json(items)}}}'
    written = ",".join(map(score_text, scores))
    return f'{{"recommendedItems":{_json(items)},"scores":[{written}]}}'


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _text(given: dict[str, Any], name: str) -> str | None:
    value = given.get(name)
    return value if isinstance(value, str) and value else None
