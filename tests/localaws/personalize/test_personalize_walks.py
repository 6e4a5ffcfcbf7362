"""Random walks through the operations of Personalize, with an oracle for each step.

Time stands still between the steps, so what a walk saw last is what the next call meets. A step
names every reason there is to refuse its call: the call must fail with one of them if there are
any, and succeed otherwise. After each step, all kinds that it can have changed are listed and
described; after a wait, everything.
"""

import dataclasses
import os
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis.strategies as st
import pytest
from answer_recorder import Recorder
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from personalize_world import (
    INTERACTIONS,
    LONG_ENOUGH,
    RECIPE,
    ROLE,
    World,
    avro,
    bucket_policy,
    csv,
    unique,
)
from wire import post

from batchrec.localaws import runtime
from batchrec.localaws.faults import JobFault
from batchrec.localaws.personalize.models import personalize_backends
from batchrec.localaws.server import ACCOUNT_ID, LocalAws

REGION = "eu-central-1"  # has no other tests' resources
ARN = f"arn:aws:personalize:{REGION}:{ACCOUNT_ID}"

NOT_FOUND = "ResourceNotFoundException"
EXISTS = "ResourceAlreadyExistsException"
IN_USE = "ResourceInUseException"
INVALID = "InvalidInputException"
LIMIT = "LimitExceededException"

PENDING, IN_PROGRESS = "CREATE PENDING", "CREATE IN_PROGRESS"
BUSY = {PENDING, IN_PROGRESS, "CREATE STOPPING"}
DELETING = ("DELETE PENDING", "DELETE IN_PROGRESS")
JOBS = {"DatasetImportJob", "BatchInferenceJob", "BatchSegmentJob"}
KINDS = [
    "DatasetGroup",
    "Schema",
    "Dataset",
    "Solution",
    "SolutionVersion",
    "Filter",
    *sorted(JOBS),
]

# From a status to those that may follow it (API Reference, each kind's data type and Delete and
# Stop operation); "" is that it is gone.
EDGES = {
    PENDING: {IN_PROGRESS, "CREATE FAILED", "CREATE STOPPED"},
    IN_PROGRESS: {"ACTIVE", "CREATE FAILED", "CREATE STOPPING"},
    "CREATE STOPPING": {"CREATE STOPPED"},
    "ACTIVE": {"DELETE PENDING"},
    "CREATE FAILED": {"DELETE PENDING"},
    "CREATE STOPPED": set[str](),
    "DELETE PENDING": {"DELETE IN_PROGRESS", ""},
    "DELETE IN_PROGRESS": {""},
}
# What changes in a resource that lives; all else stays as it was created.
CHANGING = {
    "status",
    "failureReason",
    "lastUpdatedDateTime",
    "trainingHours",
    "latestSolutionVersion",
    "latestSolutionUpdate",
    "performAutoTraining",
    "solutionConfig",
}
REFERENCES = {
    "datasetGroupArn": "DatasetGroup",
    "schemaArn": "Schema",
    "datasetArn": "Dataset",
    "solutionArn": "Solution",
    "solutionVersionArn": "SolutionVersion",
    "filterArn": "Filter",
}
SMALL = {
    "dataset_import_jobs": 2,
    "solution_versions": 2,
    "batch_inference_jobs": 1,
    "batch_segment_jobs": 1,
    "solutions": 3,
    "filters": 2,
}

SCHEMAS = {
    "Interactions": avro(*INTERACTIONS, {"name": "EVENT_TYPE", "type": "string"}),
    "Users": avro(
        {"name": "USER_ID", "type": "string"}, {"name": "AGE", "type": "int"}, name="Users"
    ),
}
EVENTS = csv(1200).replace("\n", ",view\n").replace("TIMESTAMP,view", "TIMESTAMP,EVENT_TYPE")
BY_VIEWS = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view")'
TAGS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["", "1"]), max_size=3)

names = st.sampled_from(["a", "b", "c", "d"])
NOWHERE = 20
picks = st.integers(0, NOWHERE)  # which of those that there are


CHOICES: list[Any] = []  # strategies of a step's name and arguments


def step(*needs: str, **strategies: Any) -> Callable[[Any], Any]:
    """A step that a walk may take once there is something of the kinds that it needs.

    Hypothesis leaves half of a machine's rules out of each run, and then few runs get far: all
    steps are one rule.
    """

    def register(method: Any) -> Any:
        CHOICES.append(st.tuples(st.just(method.__name__), st.fixed_dictionaries(strategies)))
        method.needs = needs
        return method

    return register


def member(kind: str) -> str:
    return kind[0].lower() + kind[1:]


class Walk(RuleBasedStateMachine):
    """What it saw last is `seen`: of each kind, what is described, by ARN."""

    aws: LocalAws
    recorder: Recorder
    bucket: str

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in KINDS}
        self.tags: dict[str, dict[str, str]] = {}
        self.expected: set[str] = set()  # ARNs that a step has made, until they are seen
        self.now = 0.0
        self.changed = set(KINDS)  # what the latest step can have changed
        self.waited = False  # whether time passed in it
        self.sound = True  # whether all was well after it
        self.aws.clock.hold()

    def teardown(self) -> None:
        try:
            if self.sound:
                self.delete_everything()
        finally:
            self.aws.faults.clear()
            self.aws.clock.release()
            self.aws.clock.sleep(LONG_ENOUGH)
            personalize_backends[ACCOUNT_ID][REGION].reset()

    def delete_everything(self) -> None:
        """In the documented order; only jobs remain."""
        self.let_pass(LONG_ENOUGH)
        for kind in ("Filter", "Solution", "Dataset", "Schema", "DatasetGroup"):
            for arn in list(self.seen[kind]):
                self.remove(kind, arn, set())
            self.look()
            self.let_pass(LONG_ENOUGH)
        assert not {kind for kind, found in self.seen.items() if found} - JOBS

    # --- asking -----------------------------------------------------------------------------------

    def ask(self, operation: str, members: dict[str, Any]) -> tuple[str, Any]:
        """The error's code, "" for none, and the members of the answer."""
        answer = post(self.aws, operation, members, REGION)
        assert self.recorder.take() == []
        told = answer.members if answer.body else {}
        return told.get("__type", ""), told

    def call(self, operation: str, reasons: set[str], members: dict[str, Any]) -> Any:
        """Expect an error for one of the reasons, success without any; None for an error."""
        code, told = self.ask(operation, members)
        assert code in (reasons or {""}), (operation, members, code, told, reasons)
        return None if code else told

    def let_pass(self, seconds: float) -> None:
        self.wait(seconds)
        self.look()

    def pick(self, kind: str, pick: int) -> str:
        """The ARN of one that there is, seldom of one that there isn't."""
        found = list(self.seen[kind])
        if not found or pick == NOWHERE:
            return f"{ARN}:{kind.lower()}/nowhere"
        return str(found[pick % len(found)])

    # --- reasons ----------------------------------------------------------------------------------

    def one(self, kind: str, arn: str) -> dict[str, Any]:
        return self.seen[kind].get(arn, {})

    def status(self, kind: str, arn: str) -> str:
        return str(self.one(kind, arn).get("status", "ACTIVE"))

    def all(self, kind: str, **members: str) -> Iterator[dict[str, Any]]:
        for found in self.seen[kind].values():
            if all(found.get(name) == value for name, value in members.items()):
                yield found

    def busy(self, kind: str, **members: str) -> int:
        return sum(found["status"] in BUSY for found in self.all(kind, **members))

    def not_ready(self, kind: str, arn: str, busy: str = IN_USE) -> set[str]:
        if arn not in self.seen[kind]:
            return {NOT_FOUND}
        return set() if self.status(kind, arn) == "ACTIVE" else {busy}

    def taken(self, kind: str, tail: str) -> set[str]:
        return {EXISTS} if f"{ARN}:{tail}" in self.seen[kind] else set()

    def full(self, quota: str, used: int) -> set[str]:
        return {LIMIT} if used >= SMALL[quota] else set()

    def create(self, kind: str, reasons: set[str], members: dict[str, Any]) -> None:
        tags = members.pop("tagged", {})
        if tags:
            members["tags"] = [{"tagKey": key, "tagValue": tags[key]} for key in tags]
        told = self.call(f"Create{kind}", reasons, members)
        if told is not None:
            arn = told[f"{member(kind)}Arn"]
            self.expected.add(arn)
            self.tags[arn] = tags
            self.changed |= {kind, "Solution"} if kind == "SolutionVersion" else {kind}

    # --- steps ------------------------------------------------------------------------------------

    @initialize(far=st.sampled_from([True, True, True, False]))
    def set_out(self, far: bool) -> None:
        """From a dataset group that has been used and one that hasn't, or from nothing."""
        if not far:
            return
        self.create_schema("a", "Interactions")
        self.create_dataset_group("a", {})
        self.create_dataset_group("b", {})
        self.let_pass(60)
        self.create_dataset("a", 0, 0, "Interactions")
        self.create_dataset("b", 1, 0, "Interactions")
        self.create_solution("a", 0, "aws-popularity-count", {})
        self.create_solution("b", 0, "aws-item-affinity", {})
        self.let_pass(60)
        self.import_data("first", 0, "events.csv")
        self.let_pass(600)
        self.create_version(0, None)
        self.create_version(1, None)
        self.create_filter("a", 0)
        self.create_filter("b", 1)
        self.let_pass(3600)
        assert [v["status"] for v in self.seen["SolutionVersion"].values()] == ["ACTIVE"] * 2

    @rule(choice=st.deferred(lambda: st.one_of(CHOICES)))
    def take(self, choice: tuple[str, dict[str, Any]]) -> None:
        self.sound = False
        name, arguments = choice
        chosen = getattr(self, name)
        if all(self.seen[kind] for kind in chosen.needs):
            chosen(**arguments)

    @step(seconds=st.sampled_from([1, 5, 20, 40, 200, 1000, 5000]))
    def wait(self, seconds: float) -> None:
        self.aws.clock.advance(seconds)
        self.changed = set(KINDS)
        self.waited = True

    @step(kind=st.sampled_from([kind for kind in KINDS if kind != "Schema"]))
    def let_one_fail(self, kind: str) -> None:
        """The next one that would come into progress."""
        self.aws.faults.add(JobFault(kind, "No such luck.", times=1))

    @step(name=names, tags=TAGS)
    def create_dataset_group(self, name: str, tags: dict[str, str]) -> None:
        reasons = self.taken("DatasetGroup", f"dataset-group/{name}")
        self.create("DatasetGroup", reasons, {"name": name, "tagged": tags})

    @step(name=names, kind=st.sampled_from(sorted(SCHEMAS)))
    def create_schema(self, name: str, kind: str) -> None:
        reasons = self.taken("Schema", f"schema/{name}")
        self.create("Schema", reasons, {"name": name, "schema": SCHEMAS[kind]})

    @step(
        "DatasetGroup",
        "Schema",
        name=names,
        group=picks,
        schema=picks,
        kind=st.sampled_from(["Interactions", "users"]),
    )
    def create_dataset(self, name: str, group: int, schema: int, kind: str) -> None:
        group_arn, schema_arn = self.pick("DatasetGroup", group), self.pick("Schema", schema)
        reasons = self.not_ready("DatasetGroup", group_arn)
        reasons |= self.not_ready("Schema", schema_arn)
        if not reasons:
            title = self.one("DatasetGroup", group_arn)["name"]
            reasons |= self.taken("Dataset", f"dataset/{title}/{kind.upper()}")
            if f'"name": "{kind.capitalize()}"' not in self.one("Schema", schema_arn)["schema"]:
                reasons.add(INVALID)
        self.create(
            "Dataset",
            reasons,
            {
                "name": name,
                "schemaArn": schema_arn,
                "datasetGroupArn": group_arn,
                "datasetType": kind,
            },
        )

    @step("Dataset", name=names, dataset=picks, file=st.sampled_from(["events.csv", "nothing.csv"]))
    def import_data(self, name: str, dataset: int, file: str) -> None:
        arn = self.pick("Dataset", dataset)
        self.create(
            "DatasetImportJob",
            self.not_ready("Dataset", arn)
            | self.taken("DatasetImportJob", f"dataset-import-job/{name}")
            | self.full("dataset_import_jobs", self.busy("DatasetImportJob")),
            {
                "jobName": name,
                "datasetArn": arn,
                "dataSource": {"dataLocation": f"s3://{self.bucket}/walks/{file}"},
                "roleArn": ROLE,
            },
        )

    @step(
        "DatasetGroup",
        name=names,
        group=picks,
        recipe=st.sampled_from(["aws-popularity-count", "aws-item-affinity"]),
        tags=TAGS,
    )
    def create_solution(self, name: str, group: int, recipe: str, tags: dict[str, str]) -> None:
        arn = self.pick("DatasetGroup", group)
        siblings = sum(1 for _ in self.all("Solution", datasetGroupArn=arn))
        self.create(
            "Solution",
            self.not_ready("DatasetGroup", arn)
            | self.taken("Solution", f"solution/{name}")
            | self.full("solutions", siblings),
            {
                "name": name,
                "datasetGroupArn": arn,
                "recipeArn": f"{RECIPE}/{recipe}",
                "performAutoTraining": False,
                "tagged": tags,
            },
        )

    def updating(self, solution: str) -> bool:
        update = self.one("Solution", solution).get("latestSolutionUpdate", {})
        return update.get("status") in BUSY

    @step("Solution", solution=picks)
    def update_solution(self, solution: int) -> None:
        arn = self.pick("Solution", solution)
        reasons = self.not_ready("Solution", arn)
        if self.updating(arn):
            reasons.add(IN_USE)
        members = {"solutionArn": arn, "performAutoTraining": False}
        self.call("UpdateSolution", reasons, members)
        self.changed.add("Solution")

    @step("Solution", solution=picks, name=st.none() | names)
    def create_version(self, solution: int, name: str | None) -> None:
        arn = self.pick("Solution", solution)
        reasons = self.not_ready("Solution", arn)
        reasons |= self.full("solution_versions", self.busy("SolutionVersion"))
        if name and any(self.all("SolutionVersion", solutionArn=arn, name=name)):
            reasons.add(EXISTS)
        named = {"name": name} if name else {}
        self.create("SolutionVersion", reasons, {"solutionArn": arn} | named)

    @step("SolutionVersion", version=picks)
    def stop_version(self, version: int) -> None:
        arn = self.pick("SolutionVersion", version)
        reasons = set() if arn in self.seen["SolutionVersion"] else {NOT_FOUND}
        if self.status("SolutionVersion", arn) not in (PENDING, IN_PROGRESS):
            reasons.add(IN_USE)
        self.call("StopSolutionVersionCreation", reasons, {"solutionVersionArn": arn})
        self.changed |= {"Solution", "SolutionVersion"}

    @step("Dataset", name=names, group=picks)
    def create_filter(self, name: str, group: int) -> None:
        arn = self.pick("DatasetGroup", group)
        siblings = sum(1 for _ in self.all("Filter", datasetGroupArn=arn))
        reasons = (
            self.not_ready("DatasetGroup", arn, busy=INVALID)
            | self.taken("Filter", f"filter/{name}")
            | self.full("filters", siblings)
        )
        kinds = {found["datasetType"] for found in self.all("Dataset", datasetGroupArn=arn)}
        if "INTERACTIONS" not in kinds:
            reasons.add(INVALID)
        members = {"name": name, "datasetGroupArn": arn, "filterExpression": BY_VIEWS}
        self.create("Filter", reasons, members)

    @step("SolutionVersion", name=names, version=picks, wanted=st.none() | picks)
    def recommend(self, name: str, version: int, wanted: int | None) -> None:
        self.start_batch(name, version, wanted, segments=False)

    @step("SolutionVersion", name=names, version=picks, wanted=st.none() | picks)
    def find_users(self, name: str, version: int, wanted: int | None) -> None:
        self.start_batch(name, version, wanted, segments=True)

    def start_batch(self, name: str, version: int, wanted: int | None, segments: bool) -> None:
        arn = self.pick("SolutionVersion", version)
        kind = "BatchSegmentJob" if segments else "BatchInferenceJob"
        noun = "segment" if segments else "inference"
        found = self.one("SolutionVersion", arn)
        is_over = found.get("status") in ("CREATE FAILED", "CREATE STOPPED")
        reasons = (
            ({INVALID} if is_over else self.not_ready("SolutionVersion", arn))
            | self.taken(kind, f"batch-{noun}-job/{name}")
            | self.full(f"batch_{noun}_jobs", self.busy(kind))
        )
        if found:
            reasons |= self.not_ready("Solution", found["solutionArn"])
        if found and found["recipeArn"].endswith("affinity") != segments:
            reasons.add(INVALID)
        members: dict[str, Any] = {
            "jobName": name,
            "solutionVersionArn": arn,
            "jobInput": {"s3DataSource": {"path": f"s3://{self.bucket}/walks/users.json"}},
            "jobOutput": {"s3DataDestination": {"path": f"s3://{self.bucket}/walks-out/"}},
            "roleArn": ROLE,
        }
        if wanted is not None:
            members["filterArn"] = self.pick("Filter", wanted)
            reasons |= self.not_ready("Filter", members["filterArn"])
            group = self.one("Filter", members["filterArn"]).get("datasetGroupArn")
            if segments or (found and group and group != found["datasetGroupArn"]):
                reasons.add(INVALID)
        self.create(kind, reasons, members)

    @step(
        kind=st.sampled_from(["DatasetGroup", "Schema", "Dataset", "Solution", "Filter"]),
        pick=picks,
    )
    def delete(self, kind: str, pick: int) -> None:
        arn = self.pick(kind, pick)
        reasons = set() if arn in self.seen[kind] else {NOT_FOUND}
        deletable = self.status(kind, arn) in ("ACTIVE", "CREATE FAILED")
        group = self.one(kind, arn).get("datasetGroupArn", "")
        versions = [found["solutionVersionArn"] for found in self.versions_of(arn)]
        kept: dict[str, Callable[[], bool]] = {
            "DatasetGroup": lambda: (
                any(self.all("Dataset", datasetGroupArn=arn))
                or any(self.all("Solution", datasetGroupArn=arn))
            ),
            "Schema": lambda: any(self.all("Dataset", schemaArn=arn)),
            "Dataset": lambda: bool(
                self.busy("DatasetImportJob", datasetArn=arn)
                or self.busy("SolutionVersion", datasetGroupArn=group)
            ),
            "Solution": lambda: bool(
                self.updating(arn)
                or self.busy("SolutionVersion", solutionArn=arn)
                or any(
                    self.busy(job, solutionVersionArn=version)
                    for version in versions
                    for job in ("BatchInferenceJob", "BatchSegmentJob")
                )
            ),
            "Filter": lambda: bool(
                self.busy("BatchInferenceJob", filterArn=arn)
                or self.busy("BatchSegmentJob", filterArn=arn)
            ),
        }
        if not deletable or kept[kind]():
            reasons.add(IN_USE)
        self.remove(kind, arn, reasons)

    def remove(self, kind: str, arn: str, reasons: set[str]) -> None:
        told = self.call(f"Delete{kind}", reasons, {f"{member(kind)}Arn": arn})
        self.changed.add(kind)
        if told is not None and kind == "Schema":  # the only kind that is gone at once
            del self.seen[kind][arn]

    def versions_of(self, solution: str) -> Iterator[dict[str, Any]]:
        return self.all("SolutionVersion", solutionArn=solution)

    @step(
        "DatasetGroup",
        kind=st.sampled_from(["DatasetGroup", "Solution", "SolutionVersion"]),
        pick=picks,
        tags=TAGS.filter(bool),
        more=st.booleans(),
    )
    def tag_or_untag(self, kind: str, pick: int, tags: dict[str, str], more: bool) -> None:
        arn = self.pick(kind, pick)
        reasons = set() if arn in self.seen[kind] else {NOT_FOUND}
        given = [{"tagKey": key, "tagValue": value} for key, value in tags.items()]
        if not more:
            told = self.call("UntagResource", reasons, {"resourceArn": arn, "tagKeys": [*tags]})
            if told is not None:
                self.tags[arn] = {k: v for k, v in self.tags[arn].items() if k not in tags}
        elif self.call("TagResource", reasons, {"resourceArn": arn, "tags": given}) is not None:
            self.tags[arn] = self.tags[arn] | tags
        if not reasons:
            self.require_tags(arn)

    # --- what always holds ------------------------------------------------------------------------

    @invariant()
    def look(self) -> None:
        now = self.aws.clock.time()
        assert now >= self.now
        self.now = now
        before, changed = self.seen, [kind for kind in KINDS if kind in self.changed]
        self.seen = before | {kind: self.described(kind) for kind in changed}
        self.changed = set()
        for kind in changed:
            gone = before[kind].keys() - self.seen[kind].keys()
            new = self.seen[kind].keys() - before[kind].keys()
            assert new <= self.expected, "more than was asked for"
            for arn in new:
                self.expected.remove(arn)
                self.require_tags(arn)
            for arn in gone:
                self.require_fit_to_go(kind, before[kind][arn])
            for arn in before[kind].keys() & self.seen[kind].keys():
                self.require_documented_change(before[kind][arn], self.seen[kind][arn])
            for found in self.seen[kind].values():
                self.require_no_orphan(kind, found)
                reason = found.get("failureReason", "")
                assert not reason.startswith("Internal"), reason
                assert not reason or found["status"] in {"CREATE FAILED", *DELETING}
        if "SolutionVersion" in changed:
            for arn in self.seen["SolutionVersion"]:
                reasons = self.not_ready("SolutionVersion", arn)
                self.call("GetSolutionMetrics", reasons, {"solutionVersionArn": arn})
        assert not self.expected, "less than was promised"
        self.require_quotas()
        self.waited, self.sound = False, True

    def described(self, kind: str) -> dict[str, dict[str, Any]]:
        """All that a kind's list has, in pages of two, each as Describe tells it."""
        found: dict[str, dict[str, Any]] = {}
        token: dict[str, str] = {}
        key, arn = "Filters" if kind == "Filter" else f"{member(kind)}s", f"{member(kind)}Arn"
        while True:
            told = self.call(f"List{kind}s", set(), {"maxResults": 2} | token)
            assert len(told[key]) <= 2
            for summary in told[key]:
                assert summary[arn] not in found, "listed twice"
                one = self.call(f"Describe{kind}", set(), {arn: summary[arn]})[member(kind)]
                assert one.items() >= summary.items(), "list and Describe differ"
                found[summary[arn]] = one
            if "nextToken" not in told:
                return found
            token = {"nextToken": told["nextToken"]}

    def require_tags(self, arn: str) -> None:
        told = self.call("ListTagsForResource", set(), {"resourceArn": arn})["tags"]
        assert {tag["tagKey"]: tag["tagValue"] for tag in told} == self.tags[arn]

    def require_fit_to_go(self, kind: str, last: dict[str, Any]) -> None:
        """It was being deleted, or is part of what was; nothing is gone at once."""
        assert kind not in JOBS
        above = {"SolutionVersion": "solutionArn", "Filter": "datasetGroupArn"}.get(kind)
        if last.get("status") not in DELETING:
            assert above is not None, last
            assert last[above] not in self.seen[REFERENCES[above]]

    def require_documented_change(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        fixed = (before.keys() | after.keys()) - CHANGING
        assert {n: before.get(n) for n in fixed} == {n: after.get(n) for n in fixed}
        assert before["lastUpdatedDateTime"] <= after["lastUpdatedDateTime"] <= self.now + 0.001
        if "status" in before:
            reached = {before["status"]}
            while more := {n for status in reached for n in EDGES[status] if n} - reached:
                reached |= more
                if not self.waited:  # then nothing can have happened but the call itself
                    break
            assert after["status"] in reached, (before["status"], after["status"], self.waited)

    def require_no_orphan(self, kind: str, found: dict[str, Any]) -> None:
        """What a resource names is there; jobs that have ended may outlive it."""
        if kind in JOBS and found["status"] not in BUSY:
            return
        for name, other in REFERENCES.items():
            if name in found and other != kind:
                assert found[name] in self.seen[other], (found, name)

    def require_quotas(self) -> None:
        for kind in (*JOBS, "SolutionVersion"):
            assert self.busy(kind) <= SMALL[quota_of(kind)], kind
        for kind in ("Solution", "Filter"):
            for group in self.seen["DatasetGroup"]:
                siblings = list(self.all(kind, datasetGroupArn=group))
                assert len(siblings) <= SMALL[quota_of(kind)], siblings


def quota_of(kind: str) -> str:
    """SolutionVersion → solution_versions."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind).lstrip("_") + "s"


@pytest.fixture
def walk(world: World, recorder: Recorder) -> Iterator[type[Walk]]:
    Walk.aws, Walk.recorder, Walk.bucket = world.aws, recorder, unique("walks")
    s3 = world.aws.client("s3", REGION)
    s3.create_bucket(Bucket=Walk.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_policy(Bucket=Walk.bucket, Policy=bucket_policy(Walk.bucket))
    s3.put_object(Bucket=Walk.bucket, Key="walks/events.csv", Body=EVENTS.encode())
    s3.put_object(Bucket=Walk.bucket, Key="walks/users.json", Body=b'{"userId": "1"}\n')
    usual = runtime.current()
    quotas = dataclasses.replace(usual.quotas, **SMALL)
    runtime.enter(dataclasses.replace(usual, quotas=quotas))
    yield Walk
    runtime.enter(usual)


COMMON = settings(
    deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True
)


@pytest.mark.timeout(300)
def test_some_walks(walk: type[Walk]) -> None:
    """Always the same ones; one that fails is shown as it was, not made shorter first."""
    same = settings(COMMON, derandomize=True, phases=[Phase.generate])
    run_state_machine_as_test(
        walk, settings=settings(same, max_examples=20, stateful_step_count=60)
    )


@pytest.mark.exhaustive
@pytest.mark.timeout(7200)
def test_many_walks(walk: type[Walk]) -> None:
    """As many as WALKS says, other ones each time."""
    many = int(os.environ.get("WALKS", "500"))
    run_state_machine_as_test(
        walk, settings=settings(COMMON, max_examples=many, stateful_step_count=50)
    )
