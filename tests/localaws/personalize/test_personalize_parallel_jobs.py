"""How many jobs run at once (Developer Guide, Amazon Personalize endpoints and quotas)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from personalize_world import (
    LONG_ENOUGH,
    USER_PERSONALIZATION,
    World,
    csv,
    refusal,
    unique,
)

from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)


MORE_THAN_5 = "More than 5 resources with PENDING or IN_PROGRESS status."  # Error messages


def test_five_imports_at_once(world: World, held: LocalAws) -> None:
    location = world.put("data/interactions.csv", csv())
    for _ in range(5):
        world.start_import(location)
    message = refusal("LimitExceededException", lambda: world.start_import(location))
    assert message == MORE_THAN_5
    held.clock.advance(LONG_ENOUGH)
    world.start_import(location)


def test_parallel_imports_share_the_quota(world: World, held: LocalAws) -> None:
    location = world.put("data/interactions.csv", csv())

    def start(_: int) -> str:
        try:
            return world.start_import(location)
        except ClientError as refused:
            return str(refused.response["Error"]["Code"])

    with ThreadPoolExecutor(10) as pool:
        started = list(pool.map(start, range(10)))
    assert started.count("LimitExceededException") == 5
    assert sum(":dataset-import-job/" in arn for arn in started) == 5


def test_five_batch_inference_jobs_at_once(world: World, held: LocalAws) -> None:
    source = world.put(f"{unique()}/input.json", '{"userId": "1"}\n')
    for _ in range(5):
        world.start_batch(source, f"s3://{world.bucket}/{unique()}/")
    sixth = f"s3://{world.bucket}/{unique()}/"
    message = refusal("LimitExceededException", lambda: world.start_batch(source, sixth))
    assert message == MORE_THAN_5
    held.clock.advance(LONG_ENOUGH)
    world.start_batch(source, sixth)


def test_twenty_solution_versions_at_once(world: World, held: LocalAws) -> None:
    create = world.personalize.create_solution_version
    solution = world.personalize.create_solution(
        name=unique(),
        datasetGroupArn=world.group,
        recipeArn=USER_PERSONALIZATION,
        performAutoTraining=False,
    )["solutionArn"]
    held.clock.advance(60)
    for _ in range(20):
        create(solutionArn=solution)
    refusal("LimitExceededException", lambda: create(solutionArn=solution))
