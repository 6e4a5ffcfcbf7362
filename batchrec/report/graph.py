"""A run as a graph: the states that do something, in order, with what became of each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from batchrec.runs import Failure, Run, Visit

# Choices and Pass states take no time: they are drawn only where a run failed in one.
_WORKING = ("Task", "Map", "Parallel", "Wait")


class Outcome(Enum):
    """What became of a state; the value is what a person reads."""

    DONE = "done"
    FAILED = "failed"
    RUNNING = "under way"
    ENDED = "the run ended here"
    NOT_REACHED = "not reached"


@dataclass(frozen=True)
class Node:
    """A state, and all visits of it."""

    name: str
    type: str  # Task, Map, Wait, …
    service: str  # whose operation a Task calls; else empty
    outcome: Outcome
    visits: int
    seconds: float  # of all visits
    causes: list[str]  # why it failed
    lanes: list["Lane"]  # of a Map: one for each item


@dataclass(frozen=True)
class Graph:
    """The states of an execution, as it went."""

    path: list[Node]  # by time, to the first that failed, is under way or was stopped; else all
    then: list[Node]  # by time, what it went on to do after a failure
    missed: list[Node]  # what follows the last of the path in the definition, and wasn't reached
    unneeded: list[str]  # other states that it had no need of


@dataclass(frozen=True)
class Lane:
    """What a Map did for one item."""

    subject: str  # the dataset's folder or the solution's key
    outcome: Outcome
    graph: Graph


def graph(states: dict[str, Any], run: Run) -> Graph:
    """Arrange the states of a run.

    Args:
        states: of the state machine's definition.
        run: with the visits of the state machine's execution and of its children.
    """
    inline = {name for state in states.values() for name in _processor(state)}
    own = [each for each in run.visits if not each.within and each.state not in inline]
    return _graph(states, own, list(run.failures), run)


def _graph(states: dict[str, Any], visits: list[Visit], failures: list[Failure], run: Run) -> Graph:
    nodes = _visited(states, visits, failures, run)
    end = next((n for n, node in enumerate(nodes, 1) if _is_an_end(node)), len(nodes))
    after = _successors(states)
    order = _order(after)
    seen = {each.state for each in visits}
    unseen = [name for name in order if name not in seen and _is_drawn(states[name])]
    follow = (
        _reachable([nodes[end - 1].name], after) if nodes and _is_an_end(nodes[end - 1]) else ()
    )
    near = _reachable([node.name for node in nodes], after)
    return Graph(
        path=nodes[:end],
        then=nodes[end:],
        missed=[_missed(name, states[name]) for name in unseen if name in follow],
        unneeded=[name for name in unseen if name in near and name not in follow],
    )


def _visited(
    states: dict[str, Any], visits: list[Visit], failures: list[Failure], run: Run
) -> list[Node]:
    by_state: dict[str, list[Visit]] = {}
    for each in sorted(visits, key=lambda visit: visit.entered):
        by_state.setdefault(each.state, []).append(each)
    nodes = []
    for name, visited in by_state.items():
        causes = [each.cause for each in failures if _is_of(each, name, visited)]
        if name in states and (causes or states[name]["Type"] in _WORKING):
            nodes.append(_node(name, states[name], visited, causes, run))
    return nodes


def _innermost(failure: Failure) -> str:
    """Name the state in which a run ended, without the Maps around it."""
    return failure.state.rpartition(" > ")[2]


def _is_of(failure: Failure, name: str, visits: list[Visit]) -> bool:
    """Whether a state failed, or was left unfinished by a run that was stopped within a Map."""
    if failure.state == name:
        return True
    return _innermost(failure) == name and any(visit.left is None for visit in visits)


def _node(name: str, state: Any, visits: list[Visit], causes: list[str], run: Run) -> Node:
    until = run.ended or run.as_of
    lanes = sorted(_lanes(state, run), key=lambda lane: lane.outcome is not Outcome.FAILED)
    failed = bool(causes) or any(lane.outcome is Outcome.FAILED for lane in lanes)
    return Node(
        name=name,
        type=state["Type"],
        service=_service(state),
        outcome=Outcome.FAILED if failed else _outcome(visits, run),
        visits=len(visits),
        seconds=sum((_left(visit, until) - visit.entered).total_seconds() for visit in visits),
        causes=causes,
        lanes=lanes,
    )


def _lanes(state: Any, run: Run) -> Iterator[Lane]:
    states = _processor(state)
    is_distributed = "Label" in state
    items: dict[str, list[Visit]] = {}
    for visit in run.visits:
        if is_distributed and visit.within[:1] == (state["Label"],):
            items.setdefault(visit.within[1], []).append(visit)
        elif not is_distributed and not visit.within and visit.state in states:
            items.setdefault("each in turn", []).append(visit)
    for subject, visits in items.items():
        failures = [
            each
            for each in run.failures
            if _innermost(each) in states and each.subject in (None, subject)
        ]
        inner = _graph(states, visits, failures, run)
        outcomes = [node.outcome for node in (*inner.path, *inner.then)]
        worst = (Outcome.FAILED, Outcome.RUNNING, Outcome.ENDED)
        yield Lane(subject, next((each for each in worst if each in outcomes), Outcome.DONE), inner)


def _outcome(visits: list[Visit], run: Run) -> Outcome:
    if all(visit.left for visit in visits):
        return Outcome.DONE
    return Outcome.RUNNING if run.ended is None else Outcome.ENDED


def _left(visit: Visit, until: datetime) -> datetime:
    return visit.left or until


def _is_an_end(node: Node) -> bool:
    return node.outcome in (Outcome.FAILED, Outcome.RUNNING, Outcome.ENDED)


def _missed(name: str, state: Any) -> Node:
    return Node(name, state["Type"], _service(state), Outcome.NOT_REACHED, 0, 0.0, [], [])


def _is_drawn(state: Any) -> bool:
    return state["Type"] in _WORKING and state["Type"] != "Wait"


def _processor(state: Any) -> dict[str, Any]:
    """Return the states that a Map repeats."""
    return dict(state.get("ItemProcessor", {}).get("States", {}))


_SERVICES = {
    "glue": "Glue",
    "personalize": "Personalize",
    "s3": "S3",
    "sfn": "Step Functions",
    "sns": "SNS",
}


def _service(state: Any) -> str:
    """Name the service of arn:aws:states:::glue:startJobRun.sync or …:::aws-sdk:s3:getObject."""
    words = state.get("Resource", "").rpartition(":::")[2].removeprefix("aws-sdk:").split(":")
    return _SERVICES.get(words[0], str(words[0]))


def _successors(states: dict[str, Any]) -> dict[str, list[str]]:
    """Say what can follow each state, without the ways back to one that led to it."""
    found = {name: list(_next(state)) for name, state in states.items()}
    forward: dict[str, list[str]] = {}
    led_from: list[str] = []

    def walk(name: str) -> None:
        led_from.append(name)
        forward[name] = []
        for each in found[name]:
            if each in led_from or each not in states:
                continue
            forward[name].append(each)
            if each not in forward:
                walk(each)
        led_from.pop()

    followed = {each for following in found.values() for each in following}
    for name in sorted(states, key=lambda name: name in followed):  # a start follows none
        if name not in forward:
            walk(name)
    return forward


def _next(state: Any) -> Iterator[str]:
    ways = [*state.get("Choices", []), state, *state.get("Catch", [])]
    for way in ways:
        yield from (way[member] for member in ("Next", "Default") if member in way)


def _order(after: dict[str, list[str]]) -> list[str]:
    """List states so that each stands before those that can follow it."""
    done: dict[str, None] = {}

    def walk(name: str) -> None:
        for each in after[name]:
            if each not in done:
                walk(each)
        done[name] = None

    for name in after:
        if name not in done:
            walk(name)
    return list(reversed(done))


def _reachable(names: Iterable[str], after: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        for each in after[waiting.pop()]:
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found
