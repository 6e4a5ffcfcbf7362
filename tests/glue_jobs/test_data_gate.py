"""What an import or a training would refuse: at each limit, and just beyond it."""

from dataclasses import replace
from typing import Any

import data_gate
import pytest
from configuration import Configuration, EventType, EventValue, Interactions, Metadata
from data_gate import DataGateError, InteractionCounts, SourceCounts

NOW = 1_700_000_000
DAY = 86_400


def source(
    written: int = 1000, quarantined: int = 0, units: dict[str, int] | None = None, **counts: int
) -> SourceCounts:
    return SourceCounts(
        read=written + quarantined + sum(counts.values()),
        written=written,
        filtered=counts.get("filtered", 0),
        duplicate=counts.get("duplicate", 0),
        quarantined=quarantined,
        quarantined_by_reason={"blank_line": quarantined} if quarantined else {},
        units=units or {},
    )


FIT = InteractionCounts(
    users=25,
    items=10,
    users_with_two_or_more=25,
    most_active_user="7",
    most_active_user_events=10,
    first=NOW - DAY,
    last=NOW,
    event_types={"view": 1000},
    bytes=100,
)


def breaches(
    sources: dict[str, SourceCounts] | None = None,
    metadata: int = 0,
    maximum: float = 0.01,
    imported: bool = False,
    **counts: Any,
) -> list[str]:
    columns = [Metadata(f"M{number}") for number in range(metadata)]
    configuration = Configuration(
        interactions=Interactions(
            event_type=EventType("e"),
            event_value=EventValue("v", imported=imported),
            metadata=columns,
        ),
        maximum_quarantined_share=maximum,
    )
    sources = {"interactions": source()} | (sources or {})
    return data_gate.breaches(sources, replace(FIT, **counts), configuration)


def types(count: int) -> dict[str, int]:
    return {f"e{number:02}": 1 for number in range(count)}


@pytest.mark.parametrize(
    "at_the_limit",
    [
        {},
        {"sources": {"interactions": source(1000)}},
        {"sources": {"interactions": source(9_900, quarantined=100)}},
        {"sources": {"users": source(1)}},
        {"sources": {"items": source(99, quarantined=1)}},
        {"sources": {"interactions": source(7_000, quarantined=3_000)}, "maximum": 0.3},
        {"sources": {"interactions": source(1_000)}, "maximum": 0},
        {"sources": {"users": source(1, quarantined=10**6)}, "maximum": 1},
        {"users": 2_500},
        {"event_types": types(9)},
        {"event_types": types(8), "imported": True},
        {"event_types": types(4), "metadata": 5},
        {"event_types": {}},
        {"sources": {"interactions": source(units={"seconds": 1_000})}},
        {"bytes": 100_000_000_000},
    ],
    ids=repr,
)
def test_what_is_just_enough_passes(at_the_limit: dict[str, Any]) -> None:
    assert breaches(**at_the_limit) == []


@pytest.mark.parametrize(
    ("beyond", "says"),
    [
        (
            {"sources": {"interactions": source(999, filtered=1_500, duplicate=2)}},
            [
                "interactions: 999 to import of 2,501 rows",
                "(1,500 filtered, 2 duplicate, 0 unusable)",
                "Personalize needs 1,000. Add data",
            ],
        ),
        (
            {"sources": {"interactions": source(9_899, quarantined=101)}},
            [
                "interactions: 101 of 10,000 rows (1.01%) are unusable (blank_line 101)",
                "maximum_quarantined_share allows 1.00%",
                "in the quarantine",
            ],
        ),
        ({"sources": {"users": source(98, quarantined=2)}}, ["users: 2 of 100 rows (2.00%)"]),
        ({"sources": {"items": source(98, quarantined=2)}}, ["items: 2 of 100 rows (2.00%)"]),
        (
            {"sources": {"users": source(10**6, quarantined=1)}, "maximum": 0},
            ["users: 1 of 1,000,001 rows", "allows 0.00%"],
        ),
        (
            {"sources": {"users": source(0, quarantined=5)}, "maximum": 1},
            ["users: no row is left to import", "leave it out"],
        ),
        (
            {"sources": {"items": source(0, quarantined=5)}, "maximum": 1},
            ["items: no row is left to import"],
        ),
        (
            {"users_with_two_or_more": 24, "users": 2_400},
            ["24 of 2,400 users have two interactions or more; Personalize needs 25"],
        ),
        (
            {"users_with_two_or_more": 25, "users": 2_501},
            ["1.00% of 2,501 users have two interactions or more; Personalize needs 1%"],
        ),
        (
            {"event_types": types(10)},
            ["10 event types (e00, e01, ", "1 optional columns (EVENT_TYPE)", "event_type.allowed"],
        ),
        (
            {"event_types": types(9), "imported": True},
            ["9 event types (e00, ", "2 optional columns (EVENT_TYPE, EVENT_VALUE)"],
        ),
        (
            {"event_types": types(5), "metadata": 5},
            [
                "5 event types (e00, e01, e02, e03, e04) and 6 optional columns"
                " (EVENT_TYPE, M0, M1, M2, M3, M4)"
            ],
        ),
        (
            {"sources": {"items": source(units={"seconds": 1_200, "iso8601": 3})}},
            ["items: the timestamps are of several units (seconds 1,200, iso8601 3 rows)"],
        ),
        (
            {"bytes": 101_000_000_000},
            ["101 GB to import; Personalize takes 100 GB", "timestamp.not_before"],
        ),
        ({"bytes": 100_000_000_001}, ["Personalize takes 100 GB"]),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_what_is_not_enough_is_refused_with_numbers(
    beyond: dict[str, Any], says: list[str]
) -> None:
    (found,) = breaches(**beyond)
    for part in says:
        assert part in found


def test_of_many_event_types_only_some_are_shown() -> None:
    (found,) = breaches(event_types=types(99))
    assert "99 event types" in found
    assert ("e19" in found, "e20" in found) == (True, False)


def test_no_interaction_at_all_is_said_without_dividing_by_zero() -> None:
    none = {
        "users": 0,
        "items": 0,
        "users_with_two_or_more": 0,
        "most_active_user": None,
        "most_active_user_events": 0,
        "first": None,
        "last": None,
        "event_types": {},
        "bytes": 0,
    }
    sources = {"interactions": source(0, filtered=9)}
    found = breaches(sources, **none)
    assert [each.split(";")[0] for each in found] == [
        "interactions: 0 to import of 9 rows (9 filtered, 0 duplicate, 0 unusable)",
        "interactions: 0 of 0 users have two interactions or more",
    ]
    assert data_gate.warnings(sources, replace(FIT, **none), NOW) == []


@pytest.mark.parametrize(
    ("sizes", "records"),
    [
        ([10], 1),
        ([1_000_000] * 1_000, 10**6),
        ([1_000_000_000], 1_000),
        ([10], 50_000_000),
        ([10, 10], 100_000_000),
    ],
)
def test_a_batch_input_at_its_limits_passes(sizes: list[int], records: int) -> None:
    files = {f"s3://bucket/{number}.json": size for number, size in enumerate(sizes)}
    assert data_gate.batch_input_breaches("some", files, records) == []


@pytest.mark.parametrize(
    ("sizes", "records", "says"),
    [
        ([10] * 1_001, 10**6, "batch_inputs.some: 1,001 files; a batch job takes 1,000."),
        (
            [500_000_000, 500_000_001],
            10,
            "batch_inputs.some: 1,000,000,001 bytes; a batch job takes 1,000,000,000.",
        ),
        ([10], 50_000_001, "50,000,001 records in a file; a batch job takes 50,000,000."),
        ([10, 10], 100_000_001, "50,000,001 records in a file; a batch job takes 50,000,000."),
        ([0], 0, "batch_inputs.some: nothing to ask for."),
        ([], 0, "batch_inputs.some: nothing to ask for."),
    ],
)
def test_a_batch_input_beyond_its_limits_is_refused(
    sizes: list[int], records: int, says: str
) -> None:
    files = {f"s3://bucket/{number}.json": size for number, size in enumerate(sizes)}
    (found,) = data_gate.batch_input_breaches("some", files, records)
    assert says in found


def warnings(written: int = 1000, **counts: Any) -> list[str]:
    return data_gate.warnings({"interactions": source(written)}, replace(FIT, **counts), NOW)


@pytest.mark.parametrize(
    "legal",
    [
        {},
        {"most_active_user_events": 100},
        {"last": NOW - 365 * DAY, "first": 0},
        {"items": 750_000},
        {"written": 500_000_000},
        {"written": 1, "first": NOW, "most_active_user_events": 0},
    ],
    ids=repr,
)
def test_nothing_is_said_of_what_is_sensible(legal: dict[str, Any]) -> None:
    assert warnings(**legal) == []


@pytest.mark.parametrize(
    ("foolish", "says"),
    [
        ({"most_active_user_events": 101, "most_active_user": "0"}, "One user (0) has 10% of all"),
        ({"most_active_user_events": 900}, "One user (7) has 90% of all events"),
        ({"first": NOW}, "All events have the same time"),
        ({"last": NOW - 365 * DAY - 1, "first": 0}, "The last event is 365 days old"),
        ({"last": NOW - 2_000 * DAY, "first": 0}, "The last event is 2,000 days old"),
        ({"items": 750_001}, "750,001 items: a model considers 750,000"),
        ({"written": 500_000_001}, "500,000,001 interactions: a model considers 500,000,000"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_what_is_legal_and_foolish_is_a_warning(foolish: dict[str, Any], says: str) -> None:
    (found,) = warnings(**foolish)
    assert says in found


# The job itself, with Personalize's own minimums


def log(users: int, rows: int, unusable: int = 0, types: int = 1) -> str:
    """Interactions of which each user but the first has two; the first one has all the others."""
    owners = [f"{number}" for number in range(1, users) for _ in range(2)]
    owners += ["0"] * (rows - len(owners))
    lines = [f"{user},{n},{NOW - n},e{n % types:02},x" for n, user in enumerate(owners)]
    lines += [f",{number},{NOW},view,x" for number in range(unusable)]
    return "u,i,t,e,d\n" + "".join(f"{line}\n" for line in lines)


def test_the_smallest_data_that_personalize_takes_is_imported(gated_run: Any) -> None:
    gated_run.put("interactions/1.csv", log(users=25, rows=1_000, unusable=10, types=8))
    gated_run(
        {"maximum_quarantined_share": 0.01},
        event_type={"column": "e"},
        metadata=[{"name": "DEVICE", "column": "d"}],
    )
    assert gated_run.counts()["written"] == 1_000
    assert gated_run.report["interactions"]["users_with_two_or_more"] == 25
    assert gated_run.report["interactions"]["most_active_user_share"] == 0.952
    (robot, stale) = gated_run.report["warnings"]
    assert robot.startswith("One user (0) has 95% of all events")
    assert stale.startswith("The last event is ")


def test_everything_that_is_too_little_or_too_much_is_said_in_one_message(gated_run: Any) -> None:
    gated_run.put("interactions/1.csv", log(users=24, rows=999, unusable=11, types=10))
    gated_run.put("users/1.csv", "u,a\n,x\n")
    with pytest.raises(DataGateError) as raised:
        gated_run(
            {
                "maximum_quarantined_share": 0.01,
                "users": {
                    "user_id": "u",
                    "metadata": [{"name": "A", "column": "a", "type": "int"}],
                },
            },
            event_type={"column": "e"},
            metadata=[{"name": "DEVICE", "column": "d"}],
        )
    heading, *found = str(raised.value).split("\n  - ")
    assert heading == "The data is not fit to be imported:"
    assert [each.split("; ")[0] for each in found] == [
        "interactions: 11 of 1,010 rows (1.09%) are unusable (missing_user_id 11)",
        "users: 1 of 1 rows (100.00%) are unusable (missing_user_id 1)",
        "users: no row is left to import. Correct the data, or leave it out.",
        "interactions: 999 to import of 1,010 rows (0 filtered, 0 duplicate, 11 unusable)",
        "interactions: 24 of 24 users have two interactions or more",
        "interactions: 10 event types (e00, e01, e02, e03, e04, e05, e06, e07, e08, e09) and 2"
        " optional columns (EVENT_TYPE, DEVICE)",
    ]
    # What is refused can be looked at, and nothing else lies there.
    assert gated_run.files == []
    assert len(gated_run.quarantined()) == 11
    assert gated_run.reasons("users") == [(",x", "missing_user_id")]
