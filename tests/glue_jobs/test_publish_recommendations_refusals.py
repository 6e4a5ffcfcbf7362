"""What keeps a solution from being published, with its numbers, and what fails the whole job."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from completeness import UnreadableInputError
from manifest import ManifestError, SolutionsError
from publications import Publication, answer, failure, lines, put

ASK_1, ASK_2, ASK_3 = ({"userId": user} for user in "123")
GOOD = [answer("1", "a", "b"), answer("2", "a")]
RANK = [{"userId": "1", "itemList": ["a", "b"]}, {"userId": "1", "itemList": ["b", "a"]}]


@dataclass(frozen=True)
class Case:
    """What is asked and answered, and the parts of the message; no parts: it is published."""

    inputs: str
    answers: str | None
    parts: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()  # further files, with complete answers in them


def ranked(*items: str, of: list[str]) -> dict[str, Any]:
    output = {"recommendedItems": list(items), "scores": [0.5] * len(items)}
    return {"input": {"userId": "1", "itemList": of}, "output": output}


CASES = {
    "complete": Case(lines(ASK_1, ASK_2), lines(*GOOD)),
    "in_another_order": Case(lines(ASK_2, ASK_1), lines(*GOOD)),
    "blank_lines": Case(lines(ASK_1, "", ASK_2, "  "), lines("", *GOOD, "")),
    "filter_values_differ": Case(
        lines(ASK_1 | {"filterValues": {"GENRE": '"a"'}}, ASK_2), lines(*GOOD)
    ),
    "missing": Case(
        lines(ASK_1, ASK_2, ASK_3),
        lines(*GOOD),
        ("1 of 3 input lines have no answer", '{"userId":"3"}'),
    ),
    "many_missing": Case(
        lines(*({"userId": f"{number:05}"} for number in range(2_000))),
        lines(answer("00000", "a")),
        ("1,999 of 2,000 input lines", '{"userId":"00001"}, {"userId":"00002"}'),
    ),
    "nothing_in_the_file": Case(lines(ASK_1), "", ("1 of 1 input lines have no answer",)),
    "surplus": Case(
        lines(ASK_1),
        lines(*GOOD),
        ("1 answers are to no input line", '{"userId":"2"}'),
    ),
    "another_user": Case(
        lines(ASK_1, ASK_3),
        lines(*GOOD),
        ("1 of 2 input lines have no", '"3"', "1 answers are to no input line", '"2"'),
    ),
    "asked_and_answered_twice": Case(lines(ASK_1, ASK_1, ASK_2), lines(GOOD[0], *GOOD)),
    "asked_twice_and_answered_once": Case(
        lines(ASK_1, ASK_1, ASK_2),
        lines(*GOOD),
        ("1 of 3 input lines have no answer", '{"userId":"1"}'),
    ),
    "asked_once_and_answered_twice": Case(
        lines(ASK_1, ASK_2),
        lines(GOOD[0], *GOOD),
        ("1 answers are to no input line", '{"userId":"1"}'),
    ),
    "two_lists_of_one_user": Case(
        lines(*RANK), lines(ranked("a", of=["b", "a"]), ranked("b", of=["a", "b"]))
    ),
    "one_list_of_one_user_twice": Case(
        lines(*RANK),
        lines(*[ranked("a", of=["b", "a"])] * 2),
        (
            '1 of 2 input lines have no answer, such as {"userId":"1","itemList":["a","b"]}.',
            '1 answers are to no input line, such as {"userId":"1","itemList":["b","a"]}.',
        ),
    ),
    "an_item_for_a_user": Case(
        lines({"itemId": "1"}),
        lines(answer("1", "a")),
        ('such as {"itemId":"1"}', 'such as {"userId":"1"}'),
    ),
    "cut_off": Case(
        lines(ASK_1, ASK_2),
        lines(GOOD[0]) + json.dumps(GOOD[1])[:30],
        ("1 lines are no answers of a known shape", '"ou. ', "1 of 2 input lines have no"),
    ),
    "two_in_a_line": Case(
        lines(ASK_1, ASK_2),
        json.dumps(GOOD[0]) + lines(GOOD[1]),
        ("1 of 2 input lines have no answer", '{"userId":"2"}'),
    ),
    "no_file": Case(lines(ASK_1), None, ("There is no .out file in ", "/no_file/")),
    "only_a_check": Case(lines(ASK_1), None, ("no .out file",), beside=("_CHECK",)),
    "only_files_of_others": Case(
        lines(ASK_1), None, ("no .out file",), beside=("part-0.json", "_x.out", ".y.out")
    ),
    "a_check_beside_it": Case(
        lines(ASK_1, ASK_2), lines(*GOOD), beside=("_CHECK", "part-0.json", "notes.txt")
    ),
    # 1 of 100 is allowed.
    "errors_at_the_limit": Case(
        lines(*({"userId": str(number)} for number in range(100))),
        lines(failure("0", "bad"), *(answer(str(number), "a") for number in range(1, 100))),
    ),
    "errors_above_the_limit": Case(
        lines(*({"userId": str(number)} for number in range(99))),
        lines(failure("0", "bad"), *(answer(str(number), "a") for number in range(1, 99))),
        ("1 of 99 inputs (1.01%) ended with an error", "allows 1.00%", "'bad' 1."),
    ),
    "the_most_frequent_errors": Case(
        lines(*({"userId": str(number)} for number in range(11))),
        lines(
            *(failure(str(number), "often") for number in range(3)),
            *(failure(str(number), "once " + "x" * 300) for number in range(3, 4)),
            *(failure(str(number), "at times") for number in range(4, 6)),
            *(failure(str(number), "a few") for number in range(6, 11)),
        ),
        ("11 of 11 inputs (100.00%)", "The most frequent: 'a few' 5, 'often' 3, 'at times' 2."),
    ),
    "an_error_without_output": Case(
        lines(ASK_1),
        lines({"input": ASK_1, "error": "no theme"}),
        ("1 of 1 inputs", "'no theme' 1"),
    ),
    "an_error_that_is_an_object": Case(
        lines(ASK_1),
        lines({"input": ASK_1, "output": None, "error": {"code": 500}}),
        ("1 of 1 inputs", """'{"code":500}' 1"""),
    ),
}
MALFORMED = {
    "text": "Internal Server Error",
    "a_list": "[]",
    "a_number": "7",
    "null": "null",
    "empty": "{}",
    "no_input": lines({"output": GOOD[0]["output"], "error": None}).strip(),
    "empty_input": lines(GOOD[0] | {"input": {}}).strip(),
    "no_output": lines({"input": ASK_1, "error": None}).strip(),
    "no_list": lines({"input": ASK_1, "output": {"items": ["a"]}}).strip(),
    "a_text_for_a_list": lines({"input": ASK_1, "output": {"recommendedItems": "a"}}).strip(),
    "fewer_scores": lines(
        {"input": ASK_1, "output": {"recommendedItems": ["a", "b"], "scores": [0.5]}}
    ).strip(),
    "fewer_relevances": lines(
        {
            "input": ASK_1,
            "output": {"recommendedItems": ["a"], "theme": "t", "itemsThemeRelevanceScores": []},
        }
    ).strip(),
    "no_numbers": lines(
        {"input": ASK_1, "output": {"recommendedItems": ["a"], "scores": ["high"]}}
    ).strip(),
    "null_item": lines({"input": ASK_1, "output": {"recommendedItems": [None]}}).strip(),
}
CASES |= {
    f"malformed_{name}": Case(
        lines(ASK_1, ASK_2),
        lines(text, *GOOD),
        (f"1 lines are no answers of a known shape, such as {text}.",),
    )
    for name, text in MALFORMED.items()
}


@pytest.fixture(scope="module")
def published(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """All of them in one run: none keeps another from being published."""
    publish = Publication(tmp_path_factory.mktemp("refusals"))
    for key, case in CASES.items():
        publish.ask(key, case.inputs, case.answers)
        for name in case.beside:
            publish.put_answers(key, name, lines(GOOD[0]))
    return publish()


@pytest.mark.parametrize("key", CASES)
def test_what_is_complete_is_published_and_nothing_else(published: Publication, key: str) -> None:
    parts = CASES[key].parts
    document = published.publication
    if not parts:
        assert key not in document["refused"]
        assert document["published"][key] == published.manifest["solutions"][key]["counts"]
        assert published.table_files(key)
        return
    for part in parts:
        assert part in document["refused"][key]
    assert document["refused"][key].count("such as") <= 2
    assert key not in document["published"]
    assert key not in published.manifest["solutions"]
    assert published.table_files(key) == []


def test_a_message_says_only_what_is_wrong(published: Publication) -> None:
    assert published.refused["missing"] == (
        '1 of 3 input lines have no answer, such as {"userId":"3"}.'
    )
    assert published.refused["errors_above_the_limit"] == (
        "1 of 99 inputs (1.01%) ended with an error; maximum_error_share allows 1.00%. The most"
        " frequent: 'bad' 1."
    )


def test_inputs_with_errors_are_counted_and_not_in_the_table(published: Publication) -> None:
    assert published.publication["published"]["errors_at_the_limit"] == {
        "inputs": 100,
        "answered": 99,
        "errors": 1,
        "recommendations": 99,
    }
    users = [user for user, *_ in published.rows("errors_at_the_limit")]
    assert users == sorted(str(number) for number in range(1, 100))


@pytest.mark.parametrize(("share", "is_published"), [(0, False), (0.5, True), (1, True)])
def test_how_many_errors_are_too_many_is_configured(
    publish: Publication, share: float, is_published: bool
) -> None:
    publish.ask("k", lines(ASK_1, ASK_2), lines(GOOD[0], failure("2", "bad")))
    publish(maximum_error_share=share)
    assert ("k" in publish.publication["published"]) is is_published
    assert publish.latest.exists() is is_published


# What fails the job


NO_INPUT = {
    "nothing_in_it": ("", "about nothing"),
    "not_json": (lines(ASK_1, "userId=2"), "1 lines that ask, 1 that don't, about userId"),
    "asks_nothing": (lines({"user_id": "1"}), "0 lines that ask, 1 that don't"),
    "users_and_items": (lines(ASK_1, {"itemId": "2"}), "about userId and itemId"),
}


@pytest.mark.parametrize("case", NO_INPUT)
def test_an_input_that_cannot_be_compared_fails_the_job(publish: Publication, case: str) -> None:
    inputs, message = NO_INPUT[case]
    publish.ask("k", inputs, lines(*GOOD))
    with pytest.raises(UnreadableInputError) as raised:
        publish()
    assert f"{publish.transformed}/batch_k_input/ is not the input of a batch job" in (
        str(raised.value)
    )
    assert message in str(raised.value)
    assert not publish.latest.exists()


def test_an_input_that_is_not_there_fails_the_job(publish: Publication) -> None:
    publish.ask("k", lines(ASK_1, ASK_2), lines(*GOOD))
    publish.folders["k"] = "batch_other_input"
    with pytest.raises(UnreadableInputError, match=r"batch_other_input/, which k was asked, holds"):
        publish()


UNREADABLE = {
    "empty": b"",
    "cut_off": b'{"run": "run-1", "solutions": {"k": {"run": "run-1"',
    "bytes": b"\xff\xfe{}",
    "a_list": b"[]",
    "no_solutions": b'{"run": "run-1"}',
    "solutions_of_another_kind": b'{"solutions": {"k": "run-1"}}',
    "no_run": b'{"solutions": {"k": {"table_prefix": "s3://bucket/"}}}',
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_an_earlier_manifest_that_is_none_fails_the_job_and_stays(
    publish: Publication, case: str
) -> None:
    publish.ask("k", lines(ASK_1, ASK_2), lines(*GOOD))
    put(publish.latest, "")
    publish.latest.write_bytes(UNREADABLE[case])
    with pytest.raises(ManifestError) as raised:
        publish()
    assert f"{publish.latest} is no manifest of this job: " in str(raised.value)
    assert publish.latest.read_bytes() == UNREADABLE[case]
    assert not (publish.results / "publication.json").exists()
    assert publish.table_files("k") == []


ENTRY = {"solution": "k", "batch_input_folder": "batch_k_input", "manifest": {}}
NO_SOLUTIONS = {
    "not_json": ("{", "not valid JSON"),
    "a_list": ([], "--solutions must be an object of configured, recommended"),
    "no_recommended": ({"configured": []}, "must be an object of configured, recommended"),
    "keys_of_another_kind": (
        {"configured": [1], "recommended": []},
        "configured must be a list of keys",
    ),
    "recommended_of_another_kind": (
        {"configured": ["k"], "recommended": "k"},
        "recommended must be a list",
    ),
    "no_folder": (
        {"configured": ["k"], "recommended": [{"solution": "k", "manifest": {}}]},
        "recommended[0] must be an object of solution, batch_input_folder, manifest",
    ),
    "a_manifest_of_another_kind": (
        {"configured": ["k"], "recommended": [ENTRY | {"manifest": "x"}]},
        "recommended[0]: manifest must be an object",
    ),
    "not_configured": (
        {"configured": ["other"], "recommended": [ENTRY]},
        "recommended[0]: k is not among the configured solutions",
    ),
    "twice": (
        {"configured": ["k"], "recommended": [ENTRY, ENTRY]},
        "recommended[1]: k is there twice",
    ),
    "the_jobs_own_members": (
        {
            "configured": ["k"],
            "recommended": [ENTRY | {"manifest": {"counts": 1, "recipe": "r", "run": "x"}}],
        },
        "recommended[0]: manifest must not have counts, run",
    ),
}


@pytest.mark.parametrize("case", NO_SOLUTIONS)
def test_solutions_that_cannot_be_used(publish: Publication, case: str) -> None:
    document, message = NO_SOLUTIONS[case]
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(SolutionsError) as raised:
        publish.start("--solutions", text)
    assert message in str(raised.value)


@pytest.mark.parametrize("share", ["-0.1", "1.1", "nan", "few"])
def test_a_share_that_is_none(
    publish: Publication, capsys: pytest.CaptureFixture[str], share: str
) -> None:
    with pytest.raises(SystemExit):
        publish.start("--maximum_error_share", share)
    assert "--maximum_error_share" in capsys.readouterr().err
