"""Times of every form become epoch seconds; what is unclear is refused."""

from typing import Any

import pytest
from configuration import ConfigurationError
from data_gate import DataGateError


def times(run: Any, texts: list[str], timestamp: dict[str, Any]) -> list[str]:
    """The seconds that the texts become, in their order."""
    rows = "".join(f'{number:02},a,"{text}"\n' for number, text in enumerate(texts))
    run.put("interactions/1.csv", "u,i,t\n" + rows)
    run(timestamp={"column": "t"} | timestamp)
    assert run.quarantined() == []
    return [row[2] for row in run.rows()]


@pytest.mark.parametrize(
    ("unit", "text"),
    [("seconds", "{}"), ("milliseconds", "{}000"), ("microseconds", "{}000000")],
)
@pytest.mark.parametrize("is_told", [True, False])
def test_numbers_of_each_unit(run: Any, unit: str, text: str, is_told: bool) -> None:
    seconds = ["631152000", "946684799", "1162160236", "1700000000"]
    given = [text.format(each) for each in seconds]
    # What is finer than a second is cut off, not rounded.
    given[1] = given[1][:-3] + "999" if unit != "seconds" else given[1]
    found = times(run, given, {} if is_told else {"unit": unit})
    assert found == seconds
    assert run.report["interactions"]["timestamps"] == {
        "first": 631152000,
        "last": 1700000000,
        "unit": unit,
    }


def test_iso_8601_with_and_without_a_zone(run: Any) -> None:
    texts = {
        "2006-10-29T22:17:16Z": "1162160236",
        "2006-10-29 22:17:16": "1162160236",
        "2006-10-29T22:17:16.987654321Z": "1162160236",
        "2006-10-29T22:17:16,5Z": "1162160236",
        "2006-10-29T23:17:16+01:00": "1162160236",
        "2006-10-29T23:17:16+0100": "1162160236",
        "2006-10-29T23:17:16+01": "1162160236",
        "2006-10-29T20:17:16-02:00": "1162160236",
        "2006-10-29T22:17": "1162160220",
        "2006-10-29": "1162080000",
    }
    assert times(run, list(texts), {}) == list(texts.values())
    assert run.report["interactions"]["timestamps"]["unit"] == "iso8601"


def test_a_time_zone_for_times_that_name_none(run: Any) -> None:
    """Madrid was one hour ahead of UTC after the last Sunday of October, two before."""
    texts = {
        "2006-10-29T23:17:16": "1162160236",
        "2006-10-28T00:17:16": "1161987436",
        "2006-10-29T22:17:16Z": "1162160236",
        "2006-10-29": "1162072800",
    }
    found = times(run, list(texts), {"unit": "iso8601", "time_zone": "Europe/Madrid"})
    assert found == list(texts.values())


def test_a_pattern_in_a_time_zone(run: Any) -> None:
    timestamp = {"pattern": "dd.MM.yyyy 'um' HH:mm:ss", "time_zone": "Europe/Madrid"}
    assert times(run, ["29.10.2006 um 23:17:16"], timestamp) == ["1162160236"]


def test_a_pattern_that_names_the_zone(run: Any) -> None:
    timestamp = {"pattern": "dd/MMM/yyyy:HH:mm:ss Z", "time_zone": "Europe/Madrid"}
    assert times(run, ["29/Oct/2006:14:17:16 -0800"], timestamp) == ["1162160236"]


def test_a_text_that_does_not_follow_the_pattern_is_unusable(run: Any) -> None:
    run.put("interactions/1.csv", "u,i,t\n7,a,29.10.2006\n7,a,10/29/2006\n7,a,29.10.06\n")
    run(timestamp={"column": "t", "pattern": "dd.MM.yyyy"})
    assert run.reasons() == [
        ("7,a,10/29/2006", "invalid_timestamp"),
        ("7,a,29.10.06", "invalid_timestamp"),
    ]


def test_a_mixture_of_units_is_refused(run: Any) -> None:
    run.put(
        "interactions/1.csv",
        "u,i,t\n7,a,1162160236\n7,b,1162160237000\n7,c,1162160238000\n7,d,2006-10-29\n",
    )
    with pytest.raises(DataGateError) as raised:
        run()
    assert "of several units (seconds 1, milliseconds 2, iso8601 1 rows)" in str(raised.value)
    assert run.files == []
    # With a unit, the others are what they are then: unusable.
    run(timestamp={"column": "t", "unit": "milliseconds"})
    assert run.reasons() == [
        ("7,a,1162160236", "timestamp_too_early"),
        ("7,d,2006-10-29", "invalid_timestamp"),
    ]


def test_a_range_of_dates_filters(run: Any) -> None:
    rows = ["2006-10-28T23:59:59", "2006-10-29T00:00:00", "2006-10-30T23:59:59", "2006-10-31"]
    run.put("interactions/1.csv", "u,i,t\n" + "".join(f"7,a,{row}\n" for row in rows))
    run(timestamp={"column": "t", "not_before": "2006-10-29", "before": "2006-10-31"})
    assert [row[2] for row in run.rows()] == ["1162080000", "1162252799"]
    assert run.counts()["filtered"] == 2


@pytest.mark.parametrize(
    "timestamp",
    [{"time_zone": "Europe/Atlantis"}, {"pattern": "dd.MM.yyyy bbb"}, {"pattern": "'open"}],
)
def test_what_spark_cannot_use_is_said_at_once(run: Any, timestamp: dict[str, Any]) -> None:
    run.put("interactions/1.csv", "u,i,t\n7,a,1162160236\n")
    with pytest.raises(ConfigurationError, match="interactions: Spark can't use pattern"):
        run(timestamp={"column": "t"} | timestamp)
    assert run.files == []
