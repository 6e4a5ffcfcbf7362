from pathlib import Path
from typing import Any

from rich.console import Console

from batchrec import rehearsal_view
from batchrec.data import samples
from batchrec.rehearsal import Rehearsal, Summary
from batchrec.results import Recommendations


def shown(tmp_path: Path, example: str, content: str, **changes: Any) -> str:
    path = tmp_path / "data"
    path.write_text(content)
    summary = {
        "run": "run",
        "rows": {"read": 9, "filtered": 3, "duplicate": 2, "quarantined": 1, "written": 3},
        "users": 1,
        "items": 2,
        "warnings": [],
        "recommendations": 1,
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
        recommendations={"best": Recommendations({"u": ["[b]2[/b]"], "v": ["1"]}, {})},
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


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    text = shown(tmp_path, "clickstream", EVENTS)

    assert "9 rows read, 3 filtered, 2 duplicate, 1 quarantined, 3 imported" in text


def test_warnings_are_shown_when_there_are_any(tmp_path: Path) -> None:
    assert "Warning" not in shown(tmp_path, "movielens", RATINGS)
    text = shown(tmp_path, "movielens", RATINGS, warnings=["One user has [half] of it."])

    assert "Warning   One user has [half] of it." in text
