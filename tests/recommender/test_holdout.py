import numpy as np

from batchrec.recommender import Interactions, hold_out_latest


def events_of(user: str, count: int) -> list[tuple[str, str, int]]:
    """`count` events, the latest first: i00 at second 0, i01 at second 1, …"""
    return [(user, f"i{number:02}", number) for number in reversed(range(count))]


def test_the_latest_tenth_is_hidden_rounded_down_but_at_least_one_event() -> None:
    rows = events_of("few", 5) + events_of("ten", 10) + events_of("many", 29)
    split = hold_out_latest(Interactions.from_columns(*zip(*rows, strict=True)))

    assert split.relevant == {"few": {"i04"}, "ten": {"i09"}, "many": {"i27", "i28"}}
    assert len(split.training) == 4 + 9 + 27


def test_a_hidden_event_is_not_trained_on() -> None:
    rows = events_of("u", 20) + events_of("v", 12)
    split = hold_out_latest(Interactions.from_columns(*zip(*rows, strict=True)))

    trained = split.training
    pairs = {
        (trained.user_ids[user], trained.item_ids[item])
        for user, item in zip(trained.users, trained.items, strict=True)
    }
    hidden = {(user, item) for user, items in split.relevant.items() for item in items}
    assert hidden == {("u", "i18"), ("u", "i19"), ("v", "i11")}
    assert pairs | hidden == {(user, item) for user, item, _ in rows}
    assert not pairs & hidden


def test_a_user_with_one_event_keeps_it() -> None:
    split = hold_out_latest(Interactions.from_columns(["u", "v", "v"], ["a", "a", "b"], [1, 1, 2]))

    assert split.relevant == {"v": {"b"}}
    assert split.training.user_ids.tolist() == ["u", "v"]


def test_events_of_the_same_second_do_not_depend_on_the_order_of_the_input() -> None:
    rows = [("u", item, 5) for item in "abcd"]
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        shuffled = [rows[position] for position in order]
        split = hold_out_latest(Interactions.from_columns(*zip(*shuffled, strict=True)))
        assert split.relevant == {"u": {"d"}}


def test_only_the_given_users_lose_events() -> None:
    rows = events_of("u", 4) + events_of("v", 4)
    events = Interactions.from_columns(*zip(*rows, strict=True))

    split = hold_out_latest(events, np.array([1]))

    assert split.relevant == {"v": {"i03"}}
    assert len(split.training) == 7


def test_another_part_can_be_hidden() -> None:
    rows = events_of("few", 3) + events_of("many", 29)
    split = hold_out_latest(Interactions.from_columns(*zip(*rows, strict=True)), one_in=5)

    assert split.relevant == {"few": {"i02"}, "many": {f"i{n}" for n in range(24, 29)}}
