from pathlib import Path

import pytest

from batchrec.data import samples
from batchrec.data.samples import Met
from batchrec.errors import BatchrecError

REPOSITORY = Path(__file__).resolve().parents[2]

SAMPLES = pytest.mark.parametrize("sample", samples.SAMPLES, ids=lambda sample: sample.example)


@SAMPLES
def test_each_is_found_and_has_a_configuration(sample: samples.Sample) -> None:
    assert samples.find(sample.example) is sample
    assert (REPOSITORY / sample.configuration / "main.tf").is_file()


def test_an_unknown_example_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        BatchrecError, match=r"no example 'netflix'.*: movielens, clickstream, segments"
    ):
        samples.find("netflix")


@SAMPLES
def test_what_a_sample_writes_is_readable_and_has_titles_and_history(
    sample: samples.Sample, tmp_path: Path
) -> None:
    path = tmp_path / sample.file_name
    sample.write(path)

    sample.require_readable(path)
    history = sample.history(path, ["1", "671", "nobody"])
    assert sorted(history) == ["1", "671"]
    assert {met.item_id for met in history["1"]} <= set(sample.titles())
    assert len({met.item_id for met in history["671"]}) == len(history["671"]) > 100


def test_ratings_come_highest_first_and_then_newest(tmp_path: Path) -> None:
    path = tmp_path / "ratings.dat"
    path.write_text(
        "userID\tmovieID\trating\ttimestamp\n"
        "1\ta\t4\t1162160236000\n"
        "1\tb\t4.5\t1162160236000\n"
        "1\tc\t4.5\t1162160237000\n"
        "2\td\t5\t1162160236000\n"
    )

    assert samples.find("movielens").history(path, ["1"]) == {
        "1": [Met("c", "4.5"), Met("b", "4.5"), Met("a", "4")]
    }


def test_events_come_strongest_first_and_then_newest(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(
        "timestamp,visitorid,event,itemid,transactionid\n"
        "1433221332001,1,transaction,old,1\n"
        "1433221332002,1,addtocart,cart,\n"
        "1433221332003,1,view,cart,\n"
        "1433221332004,1,transaction,new,2\n"
        "1433221332005,1,view,seen,\n"
        "1433221332006,1,wish,wished,\n"
        "1433221332006,2,view,seen,\n"
    )

    assert samples.find("clickstream").history(path, ["1"]) == {
        "1": [
            Met("new", "transaction"),
            Met("old", "transaction"),
            Met("cart", "addtocart"),
            Met("seen", "view"),
            Met("wished", "wish"),
        ]
    }
