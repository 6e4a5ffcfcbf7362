"""Data deletion jobs (Developer Guide, Deleting users and their data with a data deletion job)."""

import json
from typing import Any

import pytest
from personalize_world import (
    INTERACTIONS,
    RECIPE,
    ROLE,
    USERS,
    World,
    avro,
    csv,
    life,
    refusal,
    unique,
)

from batchrec.localaws import runtime
from batchrec.localaws.faults import JobFault
from batchrec.localaws.personalize import deletions
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

USER = [{"name": "USER_ID", "type": "string"}, {"name": "AGE", "type": ["null", "int"]}]


@pytest.fixture
def group(world: World) -> str:
    """A dataset group of 50 users with 30 interactions each, and a row each in Users."""
    group, dataset = world.new_dataset(avro(*INTERACTIONS))
    assert world.import_job(world.put(f"{unique()}/i.csv", csv()), dataset)["status"] == "ACTIVE"
    rows = "".join(f"{user},\n" for user in range(USERS))
    world.add_dataset(group, avro(*USER, name="Users"), "Users", f"USER_ID,AGE\n{rows}")
    return group


def start(world: World, group: str, location: str, **settings: Any) -> str:
    created = world.personalize.create_data_deletion_job(
        **{
            "jobName": unique("deletion"),
            "datasetGroupArn": group,
            "dataSource": {"dataLocation": location},
            "roleArn": ROLE,
        }
        | settings
    )
    return str(created["dataDeletionJobArn"])


def described(world: World, job: str) -> Any:
    return world.personalize.describe_data_deletion_job(dataDeletionJobArn=job)["dataDeletionJob"]


def delete(world: World, group: str, location: str) -> Any:
    """A data deletion job that has ended."""
    job = start(world, group, location)
    world.settle()
    return described(world, job)


def ids(world: World, *users: object) -> str:
    content = "USER_ID\n" + "".join(f"{user}\n" for user in users)
    return world.put(f"{unique()}/users.csv", content)


def test_a_job_has_a_life_with_words_of_its_own(world: World, group: str, held: LocalAws) -> None:
    job = start(world, group, ids(world, 1))

    def status() -> str:
        members = described(world, job)
        assert ("numDeleted" in members) == (members["status"] == "COMPLETED")
        assert "failureReason" not in members
        return str(members["status"])

    duration = runtime.current().durations.data_deletion_job
    assert life(held, status, duration) == ["PENDING", "IN_PROGRESS", "COMPLETED"]


def test_users_are_deleted_with_all_their_records(world: World, group: str) -> None:
    """Those who remain have too few interactions between them to train on."""
    job = delete(world, group, ids(world, *range(20), "a stranger"))
    assert job["status"] == "COMPLETED"
    assert job["numDeleted"] == 20 * (30 + 1)
    version = world.version_of(group)
    assert version["status"] == "CREATE FAILED"
    assert "1000 interactions" in version["failureReason"]
    assert delete(world, group, ids(world, *range(20)))["numDeleted"] == 0


def test_until_it_completes_the_data_is_used(world: World, group: str, held: LocalAws) -> None:
    durations = runtime.current().durations
    solution = world.personalize.create_solution(
        name=unique(),
        datasetGroupArn=group,
        recipeArn=f"{RECIPE}/aws-popularity-count",
        performAutoTraining=False,
    )["solutionArn"]
    job = start(world, group, ids(world, *range(40)))
    held.clock.advance(durations.data_deletion_job / 2)
    assert described(world, job)["status"] == "IN_PROGRESS"
    version = world.start_version(solution)
    held.clock.advance(durations.data_deletion_job)
    assert described(world, job)["status"] == "COMPLETED"
    assert world.version_described(version)["status"] == "ACTIVE"


def test_deleted_users_are_in_no_more_segments(world: World, group: str) -> None:
    """Not even in those of a version that was trained before."""
    version = world.version_of(group, f"{RECIPE}/aws-item-affinity")["solutionVersionArn"]

    def segment() -> set[str]:
        (line,) = world.segment('{"itemId": "1"}\n', solutionVersionArn=version, numResults=USERS)
        return set(json.loads(line)["output"]["usersList"])

    before = segment()
    assert {"3", "5"} <= before
    delete(world, group, ids(world, 3, 5))
    assert segment() == before - {"3", "5"}
    delete(world, group, ids(world, 7))
    assert segment() == before - {"3", "5", "7"}


def test_a_folder_is_read_with_its_subfolders_and_csv_files_only(world: World, group: str) -> None:
    folder = unique("deletion")
    world.put(f"{folder}/a.csv", "USER_ID\n1\n2\n")
    world.put(f"{folder}/below/further/b.csv", "USER_ID\n2\n3\n")
    world.put(f"{folder}/notes.txt", "USER_ID\n4\n")
    world.put(f"{folder}-test/c.csv", "USER_ID\n5\n")
    assert delete(world, group, f"s3://{world.bucket}/{folder}/")["numDeleted"] == 3 * 31


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("ITEM_ID\n1\n", "USER_ID"),
        ("USER_ID,AGE\n1,2\n", "USER_ID"),
        ("", "CSV"),
        (None, "Invalid Data location."),
    ],
)
def test_input_that_fails_the_job(
    world: World, group: str, content: str | None, named: str
) -> None:
    key = f"{unique()}/users.csv"
    location = f"s3://{world.bucket}/{key}" if content is None else world.put(key, content)
    job = delete(world, group, location)
    assert job["status"] == "FAILED"
    assert named in job["failureReason"]
    assert "numDeleted" not in job


def test_input_has_at_most_100_mb(
    world: World, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Developer Guide, Deleting users."""
    assert deletions.MAXIMUM_SIZE == 100_000_000
    location = ids(world, 1, 2)
    monkeypatch.setattr(deletions, "MAXIMUM_SIZE", len("USER_ID\n1\n2\n") - 1)
    assert delete(world, group, location)["status"] == "FAILED"
    monkeypatch.setattr(deletions, "MAXIMUM_SIZE", len("USER_ID\n1\n2\n"))
    assert delete(world, group, location)["status"] == "COMPLETED"


def test_a_test_can_let_it_fail(world: World, group: str) -> None:
    fault = world.aws.faults.add(JobFault("DataDeletionJob", reason="No luck.", times=1))
    job = delete(world, group, ids(world, 1))
    assert (job["status"], job["failureReason"]) == ("FAILED", "No luck.")
    world.aws.faults.remove(fault)
    assert delete(world, group, ids(world, 1))["numDeleted"] == 31


def test_a_group_has_five_pending_jobs(world: World, group: str, held: LocalAws) -> None:
    """Developer Guide: up to 5 with a status of PENDING."""
    location = ids(world, 1)
    for _ in range(5):
        start(world, group, location)
    refusal("LimitExceededException", lambda: start(world, group, location))
    start(world, world.group, location)
    held.clock.advance(runtime.current().durations.data_deletion_job / 2)
    start(world, group, location)


def test_a_group_lists_its_jobs_the_most_recent_first(world: World, group: str) -> None:
    p, location = world.personalize, ids(world, 1)
    jobs = []
    for _ in range(3):
        jobs.append(start(world, group, location))
        world.settle()
    start(world, world.group, location)
    first = p.list_data_deletion_jobs(datasetGroupArn=group, maxResults=2)
    rest = p.list_data_deletion_jobs(datasetGroupArn=group, nextToken=first["nextToken"])
    listed = first["dataDeletionJobs"] + rest["dataDeletionJobs"]
    assert [job["dataDeletionJobArn"] for job in listed] == jobs[::-1]
    assert all("numDeleted" not in job and "dataSource" not in job for job in listed)
    assert "nextToken" not in rest
    everything = p.list_data_deletion_jobs()["dataDeletionJobs"]
    assert len(everything) > 3
    world.settle()


def test_names_tags_and_what_is_not_there(world: World, group: str) -> None:
    tags = [{"tagKey": "why", "tagValue": "asked"}]
    job = start(world, group, ids(world, 1), tags=tags)
    name = job.rpartition("/")[2]
    assert job.endswith(f":data-deletion-job/{name}")
    assert world.personalize.list_tags_for_resource(resourceArn=job)["tags"] == tags
    world.settle()
    taken = lambda: start(world, group, ids(world, 1), jobName=name)  # noqa: E731
    refusal("ResourceAlreadyExistsException", taken)
    refusal("ResourceNotFoundException", lambda: start(world, f"{group}-not", ids(world, 1)))
    refusal("ResourceNotFoundException", lambda: described(world, f"{job}-not"))


def test_without_a_bucket_policy_it_is_refused_at_once(world: World, group: str) -> None:
    bucket = unique("closed")
    world.aws.client("s3").create_bucket(Bucket=bucket)
    refusal("InvalidInputException", lambda: start(world, group, f"s3://{bucket}/users.csv"))


def test_what_it_deletes_from_stays_meanwhile(world: World, group: str, held: LocalAws) -> None:
    start(world, group, ids(world, 1))
    dataset = group.replace("dataset-group/", "dataset/") + "/USERS"
    delete_dataset = world.personalize.delete_dataset
    refusal("ResourceInUseException", lambda: delete_dataset(datasetArn=dataset))
