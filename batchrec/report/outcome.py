"""How a run ended, in words."""

from collections.abc import Iterator

from batchrec.cost import wording
from batchrec.limits import Limit
from batchrec.operations.problems import Problem
from batchrec.report.facts import Facts, Funnel
from batchrec.runs import Run

_ENDS = {
    "SUCCEEDED": "succeeded",
    "SKIPPED": "was skipped: another run was under way",
    "TORN_DOWN": "tore down what earlier runs had made in Personalize",
    "FAILED": "failed",
    "TIMED_OUT": "took too long, and was stopped",
    "ABORTED": "was stopped by somebody",
    "RUNNING": "is under way",
}
_KINDS = {"FAILED": "bad", "TIMED_OUT": "bad", "ABORTED": "bad", "SUCCEEDED": "good"}


def title(facts: Facts) -> str:
    """Say of the run how it ended."""
    return f"Run {facts.run.name} {_ENDS.get(facts.run.status, facts.run.status)}"


def kind(facts: Facts) -> str:
    """Return good, bad or neutral."""
    return _KINDS.get(facts.run.status, "neutral")


def problems(facts: Facts) -> list[Problem]:
    """Return what needs a person, and the quotas that are near.

    Of a failure that nobody explained, what the run itself says.
    """
    known = [*facts.problems, *_of_limits(facts.limits)]
    if kind(facts) != "bad" or any(problem.is_failure for problem in known):
        return known
    told = [
        Problem(
            f"{failure.state} failed" + (f" for {failure.subject}" if failure.subject else ""),
            f"{failure.error}: {failure.cause}",
            "`batchrec logs` shows the log of a Glue job; docs/operations.md says more.",
            is_failure=True,
        )
        for failure in facts.run.failures
    ]
    return told + known


def _of_limits(limits: list[Limit]) -> Iterator[Problem]:
    for limit in limits:
        if limit.share > 1 or (limit.is_shared and wording.nearness(limit.share)):
            how = "exceeded" if limit.share > 1 else "reached" if limit.share == 1 else "near"
            yield Problem(
                f"A quota is {how}: {limit.name}",
                f"{wording.digits(limit.used)} of {wording.quantity(limit.maximum, limit.unit)},"
                f" which is the default ({limit.source}).",
                _ADVICE[limit.is_adjustable],
                is_failure=False,
            )


_ADVICE = {
    True: "Unless Service Quotas has raised it for this account, ask there before adding more.",
    False: "It can't be raised: give a run less.",
    None: "Ask AWS whether it can be raised.",
}


def published(facts: Facts) -> str:
    """Say what the run published; empty if it didn't set out to, or may still."""
    if facts.run.action != "run" or facts.run.status in ("RUNNING", "SKIPPED"):
        return ""
    done = [each for each in facts.solutions if not each.refused and each.counts]
    if not done:
        return "It published nothing; what was published before stays in place."
    number = sum(each.counts.get("recommendations", 0) for each in done)
    return f"It published {number:,} recommendations of {_solutions(len(done), facts)}."


def of_rows(funnel: Funnel, run: Run) -> str:
    """Say what became of the rows for Personalize: an import can fail, or not be reached."""
    done = any(
        job.kind == "import" and job.subject == funnel.dataset and job.status == "ACTIVE"
        for job in run.jobs
    )
    return "imported" if done else "usable, not imported"


def _solutions(done: int, facts: Facts) -> str:
    total = len(facts.solutions)
    if done < total:
        return f"{done} of {total} solutions; of the others, what was published before stays"
    return "1 solution" if done == 1 else f"{done} solutions"
