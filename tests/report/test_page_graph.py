"""The graph of a run: what it did, where it failed, what it left out, and what isn't drawn."""

from dataclasses import replace
from datetime import timedelta

import made_facts
from made_facts import BEGINNING, IMPORT, PREPARED, STATES, failed, run, visit

from batchrec.report.graph import Graph, Node, Outcome, graph
from batchrec.runs import Failure


def drawn(made: made_facts.Facts) -> Graph:
    return graph(made.states, made.run)


def names(nodes: list[Node]) -> list[str]:
    return [node.name for node in nodes]


def test_a_run_that_succeeded_is_one_path_in_the_order_of_time() -> None:
    found = drawn(made_facts.GOOD)
    assert names(found.path) == [
        "ListRunningExecutions",
        "LookForTrainingData",
        "PrepareTrainingData",
        "ReadReport",
        "ReadManifest",
        "ImportDatasets",
        "RecommendWithSolutions",
        "PublishRecommendations",
        "ReadPublication",
        "NotifyOfSuccess",
    ]
    assert {node.outcome for node in found.path} == {Outcome.DONE}
    assert (found.then, found.missed) == ([], [])
    assert set(found.unneeded) == {"NotifyOfSkip", "NotifyOfFailure", "FailRun"}


def test_states_of_a_lane_are_told_with_their_visits_and_times() -> None:
    by_name = {node.name: node for node in drawn(made_facts.GOOD).path}
    assert [lane.subject for lane in by_name["RecommendWithSolutions"].lanes] == [
        "for-you",
        "similar",
    ]
    (lane,) = by_name["ImportDatasets"].lanes
    described = {node.name: node for node in lane.graph.path}["DescribeDatasetImportJob"]
    assert (described.visits, described.service) == (2, "Personalize")
    assert timedelta(seconds=described.seconds) == timedelta(minutes=0.1)
    assert by_name["PrepareTrainingData"].service == "Glue"


def test_a_failed_import_marks_its_state_lane_and_map() -> None:
    found = drawn(made_facts.IMPORT_FAILED)
    last = found.path[-1]
    assert (last.name, last.outcome) == ("ImportDatasets", Outcome.FAILED)
    # What failed stands first.
    assert [(lane.subject, lane.outcome) for lane in last.lanes] == [
        ("interactions", Outcome.FAILED),
        ("items", Outcome.DONE),
    ]
    state = last.lanes[0].graph.path[-1]
    assert (state.name, state.causes) == (
        "DescribeDatasetImportJob",
        [made_facts.IMPORT_FAILURE],
    )
    assert names(found.then) == ["NotifyOfFailure", "FailRun"]
    assert found.then[-1].outcome is Outcome.ENDED
    assert names(found.missed) == [
        "RecommendWithSolutions",
        "PublishRecommendations",
        "ReadPublication",
        "NotifyOfSuccess",
    ]


def test_a_closed_gate_is_drawn_although_it_is_a_choice() -> None:
    found = drawn(made_facts.GATE_CLOSED)
    lane = found.path[-1].lanes[0]
    assert (lane.subject, lane.graph.path[-1].name) == ("for-you", "IsSolutionVersionGoodEnough")
    assert "CreateBatchInferenceJob" in names(lane.graph.missed)
    # The other solution was published.
    assert names(found.then)[0] == "PublishRecommendations"
    assert names(found.missed) == ["NotifyOfSuccess"]


def test_nothing_but_the_glue_job_when_it_refuses_the_data() -> None:
    found = drawn(made_facts.QUARANTINED)
    assert names(found.path)[-1] == "PrepareTrainingData"
    assert found.path[-1].outcome is Outcome.FAILED
    assert names(found.missed)[:3] == ["ReadReport", "ReadManifest", "ImportDatasets"]


def test_a_run_under_way() -> None:
    made = run(
        (
            *BEGINNING,
            *PREPARED,
            visit("ImportDatasets", 3.05, None, kind="Map"),
            visit("CreateDatasetImportJob", 3.1, 3.15, IMPORT),
            visit("WaitForDatasetImportJob", 3.2, None, IMPORT, "Wait"),
        ),
        5,
        status="RUNNING",
    )
    found = graph(STATES, replace(made, ended=None))
    (lane,) = found.path[-1].lanes
    assert (found.path[-1].outcome, lane.outcome) == (Outcome.RUNNING, Outcome.RUNNING)
    assert "RecommendWithSolutions" in names(found.missed)


def test_a_teardown_shows_none_of_a_run() -> None:
    made = run(
        (
            *BEGINNING[:3],
            visit("ListExecutionsToStop", 0, 0.1),
            visit("StopExecutions", 0.1, 0.2, kind="Map"),
            visit("StopExecution", 0.1, 0.2),
            visit("ListFilters", 0.2, 0.3),
            visit("ListSolutions", 0.3, 0.4),
            visit("NotifyOfTeardown", 0.4, 0.5),
        ),
        0.5,
        status="TORN_DOWN",
        jobs=(),
    )
    found = graph(STATES, made)
    assert names(found.path) == [
        "ListExecutionsToStop",
        "StopExecutions",
        "ListFilters",
        "ListSolutions",
        "NotifyOfTeardown",
    ]
    (lane,) = found.path[1].lanes
    assert names(lane.graph.path) == ["StopExecution"]
    assert "PrepareTrainingData" not in found.unneeded


def test_a_run_that_was_stopped_ends_where_it_was() -> None:
    made = run(
        (*BEGINNING, visit("PrepareTrainingData", 0.05, None)),
        2,
        status="ABORTED",
        failures=(Failure("PrepareTrainingData", "States.ABORTED", "Somebody did."),),
    )
    last = graph(STATES, made).path[-1]
    assert (last.outcome, last.causes) == (Outcome.FAILED, ["Somebody did."])


def test_a_run_that_was_stopped_within_a_map_ends_in_its_lane() -> None:
    """The failing state is told with the Map around it (batchrec.execution.failing_state)."""
    made = run(
        (
            *BEGINNING,
            *PREPARED,
            visit("ImportDatasets", 3.05, None, kind="Map"),
            visit("CreateDatasetImportJob", 3.1, 3.15, IMPORT),
            visit("WaitForDatasetImportJob", 3.2, None, IMPORT, "Wait"),
            visit("WaitForDatasetImportJob", 3.2, 5, ("ImportDatasets", "items"), "Wait"),
            visit("Imported", 5, 5, ("ImportDatasets", "items"), "Pass"),
        ),
        6,
        status="ABORTED",
        failures=(
            Failure("ImportDatasets > WaitForDatasetImportJob", "States.ABORTED", "Somebody did."),
        ),
    )
    found = graph(STATES, made)
    last = found.path[-1]
    assert (last.name, last.outcome) == ("ImportDatasets", Outcome.FAILED)
    assert [(lane.subject, lane.outcome) for lane in last.lanes] == [
        ("interactions", Outcome.FAILED),
        ("items", Outcome.DONE),
    ]
    state = last.lanes[0].graph.path[-1]
    assert (state.name, state.causes) == ("WaitForDatasetImportJob", ["Somebody did."])
    assert names(found.missed)[:2] == ["RecommendWithSolutions", "PublishRecommendations"]
    assert "RecommendWithSolutions" not in found.unneeded


def test_what_follows_is_not_reached_where_nobody_says_which_state_was_stopped() -> None:
    made = run(
        (*BEGINNING, *PREPARED, visit("ImportDatasets", 3.05, None, kind="Map")),
        6,
        status="TIMED_OUT",
        failures=(Failure("none", "States.Timeout", "It took too long."),),
    )
    found = graph(STATES, made)
    assert found.path[-1].outcome is Outcome.ENDED
    assert "RecommendWithSolutions" in names(found.missed)


def test_the_order_of_a_definition_means_nothing() -> None:
    """Terraform writes the states of a definition by their names."""
    shuffled = dict(sorted(STATES.items()))
    assert graph(shuffled, made_facts.IMPORT_FAILED.run) == drawn(made_facts.IMPORT_FAILED)


def test_failures_of_the_run_alone() -> None:
    made = run(
        (*BEGINNING, *failed(0.1)),
        0.2,
        status="FAILED",
        failures=(Failure("ChooseAction", "UnknownAction", "There are run and teardown."),),
    )
    last = graph(STATES, made).path[0]
    assert (last.name, last.outcome, last.type) == ("ChooseAction", Outcome.FAILED, "Choice")
