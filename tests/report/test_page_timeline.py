"""Work and waits: times by hand, of jobs that overlap, are reused, or aren't over."""

from dataclasses import replace

import made_facts
from made_facts import job, run

from batchrec.report import timeline
from batchrec.report.timeline import Bar


def test_waits_are_when_no_job_is_in_progress() -> None:
    """Of 10 minutes: 1 to 3 and 2 to 5 are work, and 8 to 9; the rest is waiting."""
    jobs = (
        job("import", "interactions", 1, 3),
        job("import", "items", 2, 5),
        job("publish", None, 8, 9),
    )
    found = timeline.of_run(run((), 10, jobs=jobs))
    assert (found.work, found.wait) == (5 * 60, 5 * 60)
    assert found.rows[0].bars == [
        Bar(0, 10, "wait"),
        Bar(10, 40, "work"),
        Bar(50, 30, "wait"),
        Bar(80, 10, "work"),
        Bar(90, 10, "wait"),
    ]
    assert [(row.label, row.seconds) for row in found.rows[1:]] == [
        ("import of interactions", 120),
        ("import of items", 180),
        ("publish", 60),
    ]


def test_a_row_tells_when_its_job_began() -> None:
    jobs = (job("training", "for-you", -5, 4), job("publish", None, 8, 9))
    jobs = (replace(jobs[0], is_reused=False), jobs[1])  # a run that continues another
    found = timeline.of_run(run((), 10, jobs=jobs))
    assert [row.began for row in found.rows] == [None, -300, 480]
    assert [row.began for row in timeline.of_steps({"apply": 30.0, "run": 10.0}).rows] == [0, 30]


def test_what_an_earlier_run_trained_takes_no_time() -> None:
    found = timeline.of_run(made_facts.GOOD.run)
    assert found.reused == ["training of similar"]
    assert "training of similar" not in [row.label for row in found.rows]


def test_a_job_that_isnt_over_lasts_until_now() -> None:
    made = run((), 10, status="RUNNING", jobs=(job("training", "for-you", 5, None),))
    found = timeline.of_run(replace(made, ended=None, as_of=made_facts.at(20)))
    assert found.rows[1].seconds == 15 * 60
    assert found.rows[1].bars == [Bar(25, 75, "work")]


def test_a_job_is_cut_where_the_run_ends() -> None:
    """Personalize goes on after a run was stopped."""
    found = timeline.of_run(run((), 10, jobs=(job("training", "for-you", 5, 30),)))
    assert found.rows[1].bars == [Bar(50, 50, "work")]


def test_a_run_without_jobs_only_waits() -> None:
    found = timeline.of_run(run((), 2, jobs=()))
    assert found.rows[0].bars == [Bar(0, 100, "wait")]
    assert timeline.of_run(run((), 0, jobs=())).seconds == 0


def test_steps_follow_each_other() -> None:
    found = timeline.of_steps({"apply": 30.0, "run": 10.0})
    assert [row.bars for row in found.rows] == [[Bar(0, 75, "work")], [Bar(75, 25, "work")]]
    assert (found.seconds, found.wait) == (40, 0)
