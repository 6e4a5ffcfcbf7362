"""A theme for related items.

Real Personalize lets a generative model write it (Developer Guide, Batch recommendations with
themes); here it is the word that most of the items' names have.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W\d_]{4,}")  # short ones are rarely what items have in common


@dataclass(frozen=True)
class Theme:
    """What a list of items has in common.

    Args:
        name: for people.
        items: the items, most relevant first.
        relevance: of each item, 0 to 1: the part of its name that the theme is.
    """

    name: str
    items: list[str]
    relevance: list[float]


def find(items: Sequence[str], names: Mapping[str, str]) -> Theme:
    """Find the theme of a list of items and order them by their relevance to it.

    Args:
        items: item ids.
        names: item id → name; items without a name have no part in the theme.
    """
    words = {item: _WORD.findall(names.get(item, "").lower()) for item in items}
    counts = Counter(word for found in words.values() for word in sorted(set(found)))
    if not counts:
        return Theme("Similar items", list(items), [0.0] * len(items))
    word = min(counts, key=lambda word: (-counts[word], word))
    relevance = {item: words[item].count(word) / max(1, len(words[item])) for item in items}
    ordered = sorted(items, key=lambda item: -relevance[item])
    return Theme(word.capitalize(), ordered, [relevance[item] for item in ordered])
