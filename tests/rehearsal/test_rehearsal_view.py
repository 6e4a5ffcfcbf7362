from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as pads
import pytest
from rich.console import Console

from batchrec import rehearsal_view
from batchrec.data import samples
from batchrec.published.tables import Table
from batchrec.rehearsal import Rehearsal, Summary

COUNTS = {"inputs": 4, "answered": 3, "errors": 1, "recommendations": 1234}


def table(
    column: str,
    answered: str,
    answers: dict[str, list[str]],
    counts: dict[str, int] = COUNTS,
) -> Table:
    rows = [
        {column: about, "rank": rank, "recommended_id": each, "score": None}
        for about, ids in answers.items()
        for rank, each in enumerate(ids, 1)
    ]
    kinds = {column: pa.string(), "rank": pa.int32(), "recommended_id": pa.string()}
    dataset = pads.dataset(pa.Table.from_pylist(rows, pa.schema(list(kinds.items()))))
    return Table(
        "best", "run", {"counts": counts}, column, answered, dataset, dataset, "s3://bucket/best/"
    )


FOR_USERS = table("user_id", "items", {"u": ["[b]2[/b]"], "v": ["1"]})


def shown(
    tmp_path: Path, example: str, content: str, published: Table = FOR_USERS, **changes: Any
) -> str:
    path = tmp_path / "data"
    path.write_text(content)
    summary = {
        "run": "run",
        "rows": {"read": 9, "filtered": 3, "duplicate": 2, "quarantined": 1, "written": 3},
        "users": 1,
        "items": 2,
        "warnings": [],
        "recommendations": 1234,
        "published": {"best": published.counts},
        "offline_metrics": {"best": {"precision_at_25": 0.5, "coverage": 0.25}},
        "seconds": {"all": 1.0},
        "timeline": [],
        "virtual_seconds": 60.0,
    }
    rehearsal = Rehearsal(
        summary=Summary(**(summary | changes)),
        sample=samples.find(example),
        data=path,
        titles={"1": "Toy Story (1995)"},
        published={"best": published},
        aws=None,  # type: ignore[arg-type]
        outputs={},
    )
    console = Console(width=200)
    with console.capture() as capture:
        rehearsal_view.show(rehearsal, console)
    return capture.get()


RATINGS = "userID\tmovieID\trating\ttimestamp\nu\t1\t4.5\t1162160236000\n"
EVENTS = "timestamp,visitorid,event,itemid,transactionid\n1162160236001,u,addtocart,1,\n"


def test_ratings_are_shown_as_such(tmp_path: Path) -> None:
    text = shown(tmp_path, "movielens", RATINGS)

    assert "Rated highest" in text
    assert "Toy Story (1995)  4.5" in text


def test_events_are_shown_as_such(tmp_path: Path) -> None:
    text = shown(tmp_path, "clickstream", EVENTS)

    assert "Strongest events" in text
    assert "Toy Story (1995)  addtocart" in text


def test_an_id_that_looks_like_markup_is_shown_as_it_is(tmp_path: Path) -> None:
    assert "item [b]2[/b]" in shown(tmp_path, "clickstream", EVENTS)


def test_what_is_counted_is_what_was_published(tmp_path: Path) -> None:
    text = shown(tmp_path, "movielens", RATINGS)

    assert "best: 1,234 recommendations for 3 users, 1 errors" in text
    assert "precision_at_25 0.5, coverage 0.25" in text


@pytest.mark.parametrize(
    ("column", "answered", "title", "answer"),
    [
        ("item_id", "items", "best: similar to items", "Toy Story (1995)"),
        ("item_id", "users", "best: users for items", "1"),
        ("item_attributes", "users", "best: users for item attributes", "1"),
    ],
)
def test_only_items_have_titles(
    tmp_path: Path, column: str, answered: str, title: str, answer: str
) -> None:
    text = shown(tmp_path, "movielens", RATINGS, table(column, answered, {"1": ["1"]}))

    assert title in text
    assert "Rated highest" not in text
    (row,) = (line for line in text.splitlines() if line.startswith("│"))
    first = "Toy Story (1995)" if column == "item_id" else "1"
    assert [cell.strip() for cell in row.strip("│").split("│")] == [first, answer]


def test_a_solution_without_an_answer_has_no_table(tmp_path: Path) -> None:
    nothing = table("user_id", "items", {}, dict.fromkeys(COUNTS, 0))
    text = shown(tmp_path, "movielens", RATINGS, nothing)

    assert "best: 0 recommendations for 0 users" in text
    assert "Recommended" not in text


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    text = shown(tmp_path, "clickstream", EVENTS)

    assert "9 rows read, 3 filtered, 2 duplicate, 1 quarantined, 3 imported" in text


def test_warnings_are_shown_when_there_are_any(tmp_path: Path) -> None:
    assert "Warning" not in shown(tmp_path, "movielens", RATINGS)
    text = shown(tmp_path, "movielens", RATINGS, warnings=["One user has [half] of it."])

    assert "Warning   One user has [half] of it." in text
