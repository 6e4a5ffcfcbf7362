"""What the search holds: everybody once, with all solutions' answers, and no more than fits."""

import json
from dataclasses import replace
from typing import Any

import made_facts
from made_facts import EVIL, FOR_YOU, SIMILAR, asked

from batchrec.report.people import search


def held(data: str) -> dict[str, Any]:
    return dict(json.loads(data))


def test_a_user_of_two_solutions_stands_there_once() -> None:
    other = replace(FOR_YOU, key="other", sample=[asked(1), asked(2)])
    found = search([replace(FOR_YOU, sample=[asked(1)]), other])
    data = held(found.data)
    by_id = {data["names"][each["name"]][0]: each for each in data["asked"]}
    assert set(by_id) == {"user-1", "user-2"}
    assert [solution for solution, _ in by_id["user-1"]["answers"]] == [0, 1]
    assert (found.held, found.left_out) == (2, 0)
    assert len(data["names"]) == len({tuple(name) for name in data["names"]})


def test_a_user_and_an_item_may_have_the_same_id() -> None:
    user = replace(asked(1), id="1")
    found = search([replace(FOR_YOU, sample=[user]), replace(SIMILAR, sample=[user])])
    assert sorted(each["kind"] for each in held(found.data)["asked"]) == ["items", "users"]


def test_no_text_ends_the_element_it_lies_in() -> None:
    evil = replace(asked(1), id=EVIL + "<!--", title="\u2028")
    found = search([replace(FOR_YOU, sample=[evil])])
    assert "<" not in found.data
    assert "\u2028" not in found.data
    data = held(found.data)
    assert data["names"][data["asked"][0]["name"]] == [EVIL + "<!--", "\u2028"]


def test_what_doesnt_fit_is_left_out_of_all_solutions_alike() -> None:
    huge = made_facts.huge().solutions
    found = search(huge, maximum=400_000)
    assert len(found.data.encode()) < 500_000
    data = held(found.data)
    of_solutions = [solution for each in data["asked"] for solution, _ in each["answers"]]
    counts = [of_solutions.count(solution) for solution in range(len(huge))]
    assert max(counts) - min(counts) <= 1
    assert found.left_out == 500 - found.held  # the solutions ask about the same 500 users
    assert found.left_out > 0


def test_nobody_was_asked() -> None:
    found = search([])
    assert (found.held, held(found.data)["asked"]) == (0, [])
