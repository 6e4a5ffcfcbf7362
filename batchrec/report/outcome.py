"""How a run ended, in words."""

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
    return f"{facts.run.name} {_ENDS.get(facts.run.status, facts.run.status)}"


def kind(facts: Facts) -> str:
    """Return good, bad or neutral."""
    return _KINDS.get(facts.run.status, "neutral")


def problems(facts: Facts) -> list[Problem]:
    """Return what needs a person; of a failure that nobody explained, what the run itself says."""
    if kind(facts) != "bad" or any(problem.is_failure for problem in facts.problems):
        return facts.problems
    told = [
        Problem(
            f"{failure.state} failed" + (f" for {failure.subject}" if failure.subject else ""),
            f"{failure.error}: {failure.cause}",
            "`batchrec logs` shows the log of a Glue job; docs/operations.md says more.",
            is_failure=True,
        )
        for failure in facts.run.failures
    ]
    return told + facts.problems


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
