import numpy as np
import pandas as pd
import pytest

from batchrec.recommender import Interactions


def test_ids_are_sorted_and_unique_and_events_point_to_them() -> None:
    events = Interactions.from_columns(["u2", "u10", "u2"], ["b", "a", "a"], [7, 8, 9])

    assert events.user_ids.tolist() == ["u10", "u2"]
    assert events.item_ids.tolist() == ["a", "b"]
    assert events.users.tolist() == [0, 1, 1]
    assert events.items.tolist() == [0, 1, 0]
    assert events.timestamps.tolist() == [8, 7, 9]
    assert len(events) == 3


def test_events_are_by_user_then_time_then_item_whatever_the_order_of_the_rows() -> None:
    rows = [
        ("u", "b", 1, 2),
        ("u", "b", 1, 1),
        ("u", "a", 3, 1),
        ("u", "c", 1, 1),
        ("a", "c", 9, 1),
    ]
    for order in ([0, 1, 2, 3, 4], [4, 2, 3, 0, 1]):
        users, items, times, weights = zip(*(rows[place] for place in order), strict=True)
        events = Interactions.from_columns(users, items, times, np.array(weights, dtype=np.float32))

        assert events.users.tolist() == [0, 1, 1, 1, 1]
        assert events.timestamps.tolist() == [9, 1, 1, 1, 3]
        assert events.item_ids[events.items].tolist() == ["c", "b", "b", "c", "a"]
        assert events.weights.tolist() == [1, 1, 2, 1, 1]


def test_columns_may_be_arrays_or_series_and_ids_become_strings() -> None:
    events = Interactions.from_columns(
        np.array([1, 2]), pd.Series(["x", "y"], index=[5, 6]), pd.Series([3, 4], index=[5, 6])
    )

    assert events.user_ids.tolist() == ["1", "2"]
    assert events.timestamps.tolist() == [3, 4]


def test_counts_add_up_repeated_events() -> None:
    events = Interactions.from_columns(["u", "u", "u", "v"], ["a", "a", "b", "b"], [1, 2, 3, 4])

    assert events.counts.toarray().tolist() == [[2, 1], [0, 1]]


def test_where_drops_users_and_items_without_events() -> None:
    events = Interactions.from_columns(["u", "v", "w"], ["a", "b", "c"], [1, 2, 3])

    kept = events.where(np.array([True, False, True]))

    assert kept.user_ids.tolist() == ["u", "w"]
    assert kept.item_ids.tolist() == ["a", "c"]
    assert kept.counts.toarray().tolist() == [[1, 0], [0, 1]]
    assert kept.timestamps.tolist() == [1, 3]


def test_unknown_users_have_no_position() -> None:
    events = Interactions.from_columns(["u", "v"], ["a", "b"], [1, 2])

    assert events.positions_of(["v", "nobody", "", "u"]).tolist() == [1, -1, -1, 0]
    assert events.positions_of([]).tolist() == []


def test_an_event_without_a_time_is_refused() -> None:
    for times in ([1, None], pd.Series([1.0, float("nan")]), np.array([1, np.nan])):
        with pytest.raises(ValueError, match="a time is missing"):
            Interactions.from_columns(["u", "v"], ["a", "b"], times)


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 user ids, 1 item ids, 2 timestamps"):
        Interactions.from_columns(["u", "v"], ["a"], [1, 2])


def test_an_event_without_an_id_is_refused() -> None:
    with pytest.raises(ValueError, match="missing item id at position 1"):
        Interactions.from_columns(["u", "v"], ["a", None], [1, 2])


def test_no_events_at_all_can_be_held() -> None:
    assert len(Interactions.from_columns([], [], [])) == 0


def test_ids_of_several_types_that_read_alike_are_one() -> None:
    events = Interactions.from_columns([1, "1", "2"], ["a", "a", "a"], [1, 2, 3])

    assert events.user_ids.tolist() == ["1", "2"]
    assert events.users.tolist() == [0, 0, 1]


def test_an_age_is_the_number_of_the_users_later_events() -> None:
    # u's events, in time: c, then a and d at once, then b. v has one.
    events = Interactions.from_columns(
        ["u", "u", "v", "u", "u"], ["a", "b", "a", "c", "d"], [5, 9, 7, 1, 5]
    )

    named = zip(events.user_ids[events.users], events.item_ids[events.items], strict=True)
    ages = dict(zip(named, events.ages.tolist(), strict=True))
    assert ages == {("u", "c"): 3, ("u", "a"): 1, ("u", "d"): 1, ("u", "b"): 0, ("v", "a"): 0}


def test_events_weigh_1_or_what_is_given_and_keep_it() -> None:
    columns = ["u", "v", "u"], ["a", "b", "b"], [1, 2, 3]

    assert Interactions.from_columns(*columns).weights.tolist() == [1, 1, 1]
    weighted = Interactions.from_columns(*columns, np.array([0.5, 1.5, 2], dtype=np.float32))
    assert weighted.weights.tolist() == [0.5, 2, 1.5]
    assert weighted.where(np.array([True, False, True])).weights.tolist() == [0.5, 1.5]
