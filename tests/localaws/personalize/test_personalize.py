"""The local Amazon Personalize through boto3, against its documentation and botocore's model."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from personalize_world import (
    ARN,
    CREATED,
    FAILED,
    INTERACTIONS,
    ITEMS,
    LONG_ENOUGH,
    RECIPE,
    USER_PERSONALIZATION,
    World,
    avro,
    csv,
    life,
    refusal,
    unique,
)

from batchrec.localaws import runtime
from batchrec.localaws.personalize.scores import score_text
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)


# --- statuses (API Reference, each Describe operation) --------------------------------------------


def test_the_lives_of_a_dataset_group_a_dataset_and_a_solution(
    personalize: Any, held: LocalAws
) -> None:
    name, durations = unique(), runtime.current().durations
    group = personalize.create_dataset_group(name=name)["datasetGroupArn"]

    def group_status() -> str:
        described = personalize.describe_dataset_group(datasetGroupArn=group)
        return str(described["datasetGroup"]["status"])

    assert life(held, group_status, durations.dataset_group) == CREATED
    schema = personalize.create_schema(name=name, schema=avro(*INTERACTIONS))["schemaArn"]
    dataset = personalize.create_dataset(
        name=name, schemaArn=schema, datasetGroupArn=group, datasetType="Interactions"
    )["datasetArn"]

    def dataset_status() -> str:
        return str(personalize.describe_dataset(datasetArn=dataset)["dataset"]["status"])

    assert life(held, dataset_status, durations.dataset) == CREATED
    solution = personalize.create_solution(
        name=name, datasetGroupArn=group, recipeArn=USER_PERSONALIZATION
    )["solutionArn"]

    def solution_status() -> str:
        return str(personalize.describe_solution(solutionArn=solution)["solution"]["status"])

    assert life(held, solution_status, durations.solution) == CREATED


def test_the_life_of_an_import_job(world: World, held: LocalAws) -> None:
    arn = world.start_import(world.put("data/interactions.csv", csv()))

    def status() -> str:
        described = world.personalize.describe_dataset_import_job(datasetImportJobArn=arn)
        assert "failureReason" not in described["datasetImportJob"]
        return str(described["datasetImportJob"]["status"])

    assert life(held, status, runtime.current().durations.dataset_import_job) == CREATED


def test_the_life_of_a_failing_import_job(world: World, held: LocalAws) -> None:
    arn = world.start_import(f"s3://{world.bucket}/nowhere/")
    reasons = set()

    def status() -> str:
        described = world.personalize.describe_dataset_import_job(datasetImportJobArn=arn)
        job = described["datasetImportJob"]
        if job["status"] == "CREATE FAILED":
            reasons.add(job["failureReason"])
        else:
            assert "failureReason" not in job
        return str(job["status"])

    assert life(held, status, runtime.current().durations.dataset_import_job) == FAILED
    assert reasons == {"Invalid Data location."}  # Developer Guide, Error messages


def test_the_life_of_a_solution_version(world: World, held: LocalAws) -> None:
    created = world.personalize.create_solution_version(solutionArn=world.solution)
    arn = created["solutionVersionArn"]

    def status() -> str:
        described = world.personalize.describe_solution_version(solutionVersionArn=arn)
        version = described["solutionVersion"]
        assert ("trainingHours" in version) == (version["status"] == "ACTIVE")
        return str(version["status"])

    assert life(held, status, runtime.current().durations.solution_version) == CREATED


def test_the_life_of_a_batch_inference_job(world: World, held: LocalAws) -> None:
    """The words that real jobs have, not those in the API Reference, which has no "CREATE"."""
    source = world.put(f"{unique()}/input.json", '{"userId": "1"}\n')
    arn = world.start_batch(source, f"s3://{world.bucket}/{unique()}/")

    def status() -> str:
        described = world.personalize.describe_batch_inference_job(batchInferenceJobArn=arn)
        return str(described["batchInferenceJob"]["status"])

    assert life(held, status, runtime.current().durations.batch_inference_job) == CREATED


def test_changes_of_status_are_dated(personalize: Any, held: LocalAws) -> None:
    group = personalize.create_dataset_group(name=unique())["datasetGroupArn"]
    before = personalize.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]
    held.clock.advance(LONG_ENOUGH)
    after = personalize.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]
    assert after["creationDateTime"] == before["creationDateTime"] == before["lastUpdatedDateTime"]
    assert after["lastUpdatedDateTime"] > before["lastUpdatedDateTime"]


# --- names and what Describe tells ----------------------------------------------------------------


def test_arns_follow_from_names(world: World) -> None:
    """Service Authorization Reference, Resource types defined by Amazon Personalize."""
    name = world.group.rpartition("/")[2]
    assert world.group == f"{ARN}:dataset-group/{name}"
    assert world.schema == f"{ARN}:schema/{name}"
    assert world.dataset == f"{ARN}:dataset/{name}/INTERACTIONS"
    assert re.fullmatch(rf"{ARN}:solution/[\w-]+", world.solution)
    assert re.fullmatch(rf"{world.solution}/[0-9a-f]{{8}}", world.version)
    job = unique("import")
    location = world.put("data/interactions.csv", csv())
    assert world.start_import(location, jobName=job) == f"{ARN}:dataset-import-job/{job}"
    job = unique("batch")
    source, destination = (f"s3://{world.bucket}/{unique()}/" for _ in range(2))
    started = world.start_batch(source, destination, jobName=job)
    assert started == f"{ARN}:batch-inference-job/{job}"
    world.settle()


def test_a_dataset_is_described_with_its_type_in_capitals(world: World) -> None:
    described = world.personalize.describe_dataset(datasetArn=world.dataset)["dataset"]
    assert described["datasetType"] == "INTERACTIONS"
    assert described["datasetGroupArn"] == world.group
    assert described["schemaArn"] == world.schema


def test_a_schema_has_its_text_and_no_status(world: World) -> None:
    described = world.personalize.describe_schema(schemaArn=world.schema)["schema"]
    assert json.loads(described["schema"])["fields"] == INTERACTIONS
    assert "status" not in described
    assert "domain" not in described


def test_a_solution_has_the_documented_defaults(world: World) -> None:
    """API Reference, CreateSolution: automatic training is on unless switched off."""
    solution = world.personalize.create_solution(
        name=unique(), datasetGroupArn=world.group, recipeArn=USER_PERSONALIZATION
    )["solutionArn"]
    described = world.personalize.describe_solution(solutionArn=solution)["solution"]
    assert described["performAutoTraining"] is True
    assert described["performHPO"] is False
    assert described["recipeArn"] == USER_PERSONALIZATION
    assert "eventType" not in described
    off = world.personalize.describe_solution(solutionArn=world.solution)["solution"]
    assert off["performAutoTraining"] is False
    latest = off["latestSolutionVersion"]["solutionVersionArn"]
    assert latest.startswith(world.solution + "/")
    world.settle()
    world.personalize.delete_solution(solutionArn=solution)  # before it trains itself


def test_a_solution_version_tells_what_it_was_trained_with(world: World) -> None:
    described = world.personalize.describe_solution_version(solutionVersionArn=world.version)
    version = described["solutionVersion"]
    name, identifier = world.version.split("/")[1:]
    assert version["name"] == f"{name}/{identifier}"  # as recorded of versions without a name
    assert version["solutionArn"] == world.solution
    assert version["datasetGroupArn"] == world.group
    assert version["recipeArn"] == USER_PERSONALIZATION
    assert version["trainingMode"] == "FULL"
    assert version["trainingHours"] > 0


def test_a_batch_inference_job_tells_its_settings(world: World) -> None:
    source = world.put(f"{unique()}/input.json", '{"userId": "1"}\n')
    destination = f"s3://{world.bucket}/{unique()}/"
    job = world.batch(source, destination)
    assert job["jobInput"] == {"s3DataSource": {"path": source}}
    assert job["jobOutput"] == {"s3DataDestination": {"path": destination}}
    assert job["numResults"] == 25  # API Reference, CreateBatchInferenceJob
    assert job["batchInferenceJobMode"] == "BATCH_INFERENCE"
    assert job["solutionVersionArn"] == world.version
    assert "filterArn" not in job


# --- errors ---------------------------------------------------------------------------------------


def test_a_group_has_one_dataset_of_each_type(world: World) -> None:
    call = world.personalize.create_dataset
    other = {"name": unique(), "schemaArn": world.schema, "datasetGroupArn": world.group}
    refusal("ResourceAlreadyExistsException", lambda: call(**other, datasetType="interactions"))


def test_what_depends_on_something_waits_until_it_is_active(world: World, held: LocalAws) -> None:
    p, busy = world.personalize, "ResourceInUseException"
    name = unique()
    group = p.create_dataset_group(name=name)["datasetGroupArn"]
    dataset = {"name": name, "schemaArn": world.schema, "datasetGroupArn": group}
    refusal(busy, lambda: p.create_dataset(**dataset, datasetType="Interactions"))
    solution = {"name": name, "datasetGroupArn": group, "recipeArn": USER_PERSONALIZATION}
    refusal(busy, lambda: p.create_solution(**solution))
    held.clock.advance(LONG_ENOUGH)

    created = p.create_dataset(**dataset, datasetType="Interactions")
    location = world.put("data/interactions.csv", csv())
    refusal(busy, lambda: world.start_import(location, created["datasetArn"]))
    solution_arn = p.create_solution(**solution)["solutionArn"]
    refusal(busy, lambda: p.create_solution_version(solutionArn=solution_arn))
    held.clock.advance(LONG_ENOUGH)

    version = p.create_solution_version(solutionArn=world.solution)["solutionVersionArn"]
    refusal(busy, lambda: p.get_solution_metrics(solutionVersionArn=version))
    paths = (f"s3://{world.bucket}/in/", f"s3://{world.bucket}/out/")
    refusal(busy, lambda: world.start_batch(*paths, solutionVersionArn=version))


def test_recipes_that_do_not_exist(world: World) -> None:
    create = world.personalize.create_solution
    wrong = "arn:aws:personalize:::recipe/aws-wonders"
    refusal(
        "InvalidInputException",
        lambda: create(name=unique(), datasetGroupArn=world.group, recipeArn=wrong),
    )


# --- quotas (Developer Guide, Amazon Personalize endpoints and quotas) ----------------------------

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


# --- training -------------------------------------------------------------------------------------


def test_too_few_users_with_two_interactions(world: World) -> None:
    """Developer Guide, Error messages; the version fails, not the import."""
    group, dataset = world.new_dataset(avro(*INTERACTIONS))
    rows = [f"{n},{n % 50},{1_600_000_000 + n}" for n in range(1100)]
    rows += [f"{n},{n % 50 + 1},{1_600_000_000 + n}" for n in range(24)]
    content = "\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *rows]) + "\n"
    assert world.import_job(world.put(f"{unique()}/a.csv", content), dataset)["status"] == "ACTIVE"
    version = world.version_of(group)
    assert version["status"] == "CREATE FAILED"
    assert version["failureReason"] == (
        "Create failed. Dataset has fewer than 25 users with at least 2 interactions each."
    )
    assert "trainingHours" not in version


@pytest.mark.parametrize(("users", "status"), [(2500, "ACTIVE"), (2501, "CREATE FAILED")])
def test_one_percent_of_the_users_have_two_interactions(
    world: World, users: int, status: str
) -> None:
    """Developer Guide, Endpoints and quotas: 25 of 2,500 are just enough."""
    group, dataset = world.new_dataset(avro(*INTERACTIONS))
    rows = [f"{n},{n % 50},{1_600_000_000 + n}" for n in range(users)]
    rows += [f"{n},{n % 50},{1_700_000_000 + n}" for n in range(25)]
    content = "\n".join(["USER_ID,ITEM_ID,TIMESTAMP", *rows]) + "\n"
    assert world.import_job(world.put(f"{unique()}/a.csv", content), dataset)["status"] == "ACTIVE"
    assert world.version_of(group)["status"] == status


EVENTS = [
    *INTERACTIONS,
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "EVENT_VALUE", "type": ["null", "float"]},
]


def test_a_thousand_interactions_are_left_after_filtering(world: World) -> None:
    """API Reference, SolutionConfig: events of the type, with a value of at least the threshold."""
    group, dataset = world.new_dataset(avro(*EVENTS))
    rows = csv(2400).splitlines()[1:]
    marked = [f"{row},{'buy' if n % 2 else 'view'},{n % 4}" for n, row in enumerate(rows)]
    content = "\n".join(["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE", *marked]) + "\n"
    assert world.import_job(world.put(f"{unique()}/a.csv", content), dataset)["status"] == "ACTIVE"
    assert world.version_of(group, eventType="buy")["status"] == "ACTIVE"
    enough = world.version_of(group, eventType="buy", solutionConfig={"eventValueThreshold": "1"})
    assert enough["status"] == "ACTIVE"
    assert enough["solutionConfig"] == {"eventValueThreshold": "1"}
    too_few = world.version_of(group, eventType="buy", solutionConfig={"eventValueThreshold": "3"})
    assert too_few["status"] == "CREATE FAILED"
    assert "1000" in too_few["failureReason"]


def test_a_group_without_imported_data(world: World) -> None:
    group, _ = world.new_dataset(avro(*INTERACTIONS))
    version = world.version_of(group)
    assert version["status"] == "CREATE FAILED"
    assert version["failureReason"]


def test_metrics_have_the_documented_names(world: World) -> None:
    """Developer Guide, Evaluating a solution version with metrics; four decimals as recorded."""
    answer = world.personalize.get_solution_metrics(solutionVersionArn=world.version)
    assert answer["solutionVersionArn"] == world.version
    metrics = answer["metrics"]
    assert set(metrics) == {
        "coverage",
        "mean_reciprocal_rank_at_25",
        "normalized_discounted_cumulative_gain_at_5",
        "normalized_discounted_cumulative_gain_at_10",
        "normalized_discounted_cumulative_gain_at_25",
        "precision_at_5",
        "precision_at_10",
        "precision_at_25",
    }
    assert all(0 <= value <= 1 and round(value, 4) == value for value in metrics.values())


def test_training_learns_from_the_data(world: World) -> None:
    """Users of either half like the items of their half."""
    lines = world.recommend('{"userId": "0"}\n{"userId": "1"}\n', numResults=5)
    for line, half in zip(lines, (range(ITEMS // 2), range(ITEMS // 2, ITEMS)), strict=True):
        items = json.loads(line)["output"]["recommendedItems"]
        assert sum(int(item) in half for item in items) >= 3, line


# --- batch inference ------------------------------------------------------------------------------


def test_output_lines_are_written_as_real_jobs_write_them(world: World) -> None:
    """One line for each line of input, in order; no spaces; keys in the recorded order."""
    users = ["7", "0", "49", "7"]
    lines = world.recommend("".join(f'{{ "userId":  "{user}" }}\n' for user in users))
    assert len(lines) == len(users)
    for user, line in zip(users, lines, strict=True):
        answer = json.loads(line, parse_float=lambda text: {"number": text})
        items = ",".join(f'"{item}"' for item in answer["output"]["recommendedItems"])
        scores = [score["number"] for score in answer["output"]["scores"]]
        assert line == (
            f'{{"input":{{"userId":"{user}"}},'
            f'"output":{{"recommendedItems":[{items}],"scores":[{",".join(scores)}]}},'
            '"error":null}'
        )
        assert len(scores) == len(answer["output"]["recommendedItems"]) == 25
        assert all(re.fullmatch(r"0\.\d{1,7}|\d\.\d{1,3}E-[4-7]", score) for score in scores)
        assert [float(score) for score in scores] == sorted(map(float, scores), reverse=True)
        assert sum(map(float, scores)) < 1  # they sum to 1 over the whole catalogue
    assert lines[0] == lines[3]


@pytest.mark.parametrize(
    ("score", "text"),
    [
        # Recorded in output files of real jobs.
        (0.0003773, "3.773E-4"),
        (0.0000717, "7.17E-5"),
        # Seven decimals, trailing zeros dropped.
        (0.00037729, "3.773E-4"),
        (0.123456749, "0.1234567"),
        (0.123456751, "0.1234568"),
        (0.0120000, "0.012"),
        (0.5, "0.5"),
        # Java Platform API, Double.toString: plain from 10^-3, at least one digit after the point.
        (0.001, "0.001"),
        (0.0010001, "0.0010001"),
        (0.000999, "9.99E-4"),
        (0.00099999999, "0.001"),
        (0.0001, "1.0E-4"),
        (0.0000001, "1.0E-7"),
        (0.0, "0.0"),
        (1.0, "1.0"),
    ],
)
def test_scores_are_written_as_java_writes_them(score: float, text: str) -> None:
    assert score_text(score) == text


def test_errors_stand_in_their_lines_and_the_job_ends_well(world: World) -> None:
    """As a real job did: https://repost.aws/questions/QUeREKqg8BSiakXAEyxdUr7A."""
    given = ['{"userId": "1"}', '{"itemId": "5"}', "no JSON", '{"userId": 3}', '{"userId": "2"}']
    lines = world.recommend("\n".join(given) + "\n")
    reason = "User error: Required fields for the provided recipe are userId"
    assert lines[1] == (
        f'{{"input":{{"itemId":"5"}},"output":{{"recommendedItems":[]}},"error":"{reason}"}}'
    )
    answers = [json.loads(line) for line in lines]
    assert [answer["error"] for answer in answers] == [None, reason, reason, reason, None]
    assert [answer["input"].get("userId") for answer in answers] == ["1", None, None, 3, "2"]
    assert answers[4]["output"]["recommendedItems"]


def test_cold_users_get_popular_items(world: World) -> None:
    """Developer Guide, How new data influences batch recommendations."""
    first, second = world.recommend('{"userId": "never seen"}\n{"userId": "neither"}\n')
    assert json.loads(first)["error"] is None
    assert json.loads(first)["output"] == json.loads(second)["output"]


def test_ids_keep_their_characters(world: World) -> None:
    (line,) = world.recommend('{"userId": "caf\\u00e9 \\"x\\""}\n')
    assert line.startswith('{"input":{"userId":"café \\"x\\""},"output":')


def test_as_many_results_as_asked_for(world: World) -> None:
    (line,) = world.recommend('{"userId": "1"}\n', numResults=3)
    assert len(json.loads(line)["output"]["recommendedItems"]) == 3


def test_each_input_file_has_its_output_beside_one_check(world: World) -> None:
    """Input is a prefix (Developer Guide, Batch input), so its neighbours are read too."""
    folder = unique("batch")
    for key in ("in/a.json", "in/b.json", "in_more/c.json"):
        world.put(f"{folder}/{key}", '{"userId": "1"}\n')
    place = f"s3://{world.bucket}/{folder}"
    assert world.batch(f"{place}/in", f"{place}/out/")["status"] == "ACTIVE"
    names = {key.rpartition("/")[2] for key in world.keys(f"{folder}/out/")}
    assert names == {"a.json.out", "b.json.out", "c.json.out", "_CHECK"}
    assert world.get(f"{folder}/out/_CHECK") is not None


def test_two_jobs_into_one_folder_share_the_check(world: World) -> None:
    folder = unique("batch")
    for name in ("a", "b"):
        source = world.put(f"{folder}/{name}.json", '{"userId": "1"}\n')
        world.batch(source, f"s3://{world.bucket}/{folder}/out/")
    names = sorted(key.rpartition("/")[2] for key in world.keys(f"{folder}/out/"))
    assert names == ["_CHECK", "a.json.out", "b.json.out"]


def test_a_batch_without_input_fails(world: World) -> None:
    """Developer Guide, Error messages."""
    place = f"s3://{world.bucket}/{unique('batch')}"
    job = world.batch(f"{place}/in/", f"{place}/out/")
    assert job["status"] == "CREATE FAILED"
    assert job["failureReason"] == "Invalid S3 input path"


def test_output_differs_from_input(world: World) -> None:
    place = f"s3://{world.bucket}/{unique('batch')}/"
    message = refusal("InvalidInputException", lambda: world.start_batch(place, place))
    assert message == "Invalid S3 output path"


# --- deleting -------------------------------------------------------------------------------------


def test_what_is_used_stays(world: World, held: LocalAws) -> None:
    """API Reference, DeleteSchema, DeleteDatasetGroup, DeleteDataset and DeleteSolution."""
    p, used = world.personalize, "ResourceInUseException"
    refusal(used, lambda: p.delete_schema(schemaArn=world.schema))
    refusal(used, lambda: p.delete_dataset_group(datasetGroupArn=world.group))
    world.start_import(world.put("data/interactions.csv", csv()))
    refusal(used, lambda: p.delete_dataset(datasetArn=world.dataset))
    held.clock.advance(LONG_ENOUGH)
    p.create_solution_version(solutionArn=world.solution)
    refusal(used, lambda: p.delete_solution(solutionArn=world.solution))
    refusal(used, lambda: p.delete_dataset(datasetArn=world.dataset))


def test_a_batch_job_keeps_its_solution(world: World, held: LocalAws) -> None:
    """Not documented; the safe side."""
    source = world.put(f"{unique()}/input.json", '{"userId": "1"}\n')
    world.start_batch(source, f"s3://{world.bucket}/{unique()}/")
    delete = world.personalize.delete_solution
    refusal("ResourceInUseException", lambda: delete(solutionArn=world.solution))


def test_a_solution_that_is_being_deleted_has_no_more_batch_jobs(world: World) -> None:
    """Its versions are still there, but not for long."""
    version = world.version_of(world.group, f"{RECIPE}/aws-popularity-count")
    assert version["status"] == "ACTIVE"
    paths = (f"s3://{world.bucket}/in/", f"s3://{world.bucket}/out/")
    world.aws.clock.hold()
    try:
        world.personalize.delete_solution(solutionArn=version["solutionArn"])
        refusal(
            "ResourceInUseException",
            lambda: world.start_batch(*paths, solutionVersionArn=version["solutionVersionArn"]),
        )
    finally:
        world.aws.clock.release()
    world.settle()


def test_what_is_being_made_stays(personalize: Any, held: LocalAws) -> None:
    """Developer Guide, Deleting: a resource must be ACTIVE or CREATE FAILED."""
    group = personalize.create_dataset_group(name=unique())["datasetGroupArn"]
    delete = personalize.delete_dataset_group
    refusal("ResourceInUseException", lambda: delete(datasetGroupArn=group))


def test_deleting_takes_its_time_and_its_order(world: World, held: LocalAws) -> None:
    p, clock, used = world.personalize, held.clock, "ResourceInUseException"
    name = unique()
    group = p.create_dataset_group(name=name)["datasetGroupArn"]
    schema = p.create_schema(name=name, schema=avro(*INTERACTIONS))["schemaArn"]
    clock.advance(LONG_ENOUGH)
    dataset = p.create_dataset(
        name=name, schemaArn=schema, datasetGroupArn=group, datasetType="Interactions"
    )["datasetArn"]
    solution = p.create_solution(name=name, datasetGroupArn=group, recipeArn=USER_PERSONALIZATION)[
        "solutionArn"
    ]
    clock.advance(LONG_ENOUGH)
    version = p.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    clock.advance(LONG_ENOUGH)

    def solution_status() -> str:
        return str(p.describe_solution(solutionArn=solution)["solution"]["status"])

    p.delete_solution(solutionArn=solution)
    assert solution_status() == "DELETE PENDING"  # API Reference, Solution, status
    refusal(used, lambda: p.delete_solution(solutionArn=solution))
    clock.advance(runtime.current().durations.delete * 0.9)
    assert solution_status() == "DELETE IN_PROGRESS"
    refusal(used, lambda: p.delete_solution(solutionArn=solution))
    clock.advance(LONG_ENOUGH)
    gone = "ResourceNotFoundException"
    refusal(gone, lambda: p.describe_solution(solutionArn=solution))
    refusal(gone, lambda: p.describe_solution_version(solutionVersionArn=version))

    p.delete_dataset(datasetArn=dataset)
    assert p.describe_dataset(datasetArn=dataset)["dataset"]["status"] == "DELETE PENDING"
    refusal(used, lambda: p.delete_dataset_group(datasetGroupArn=group))
    refusal(used, lambda: p.delete_schema(schemaArn=schema))
    clock.advance(LONG_ENOUGH)
    p.delete_schema(schemaArn=schema)
    refusal(gone, lambda: p.describe_schema(schemaArn=schema))
    p.delete_dataset_group(datasetGroupArn=group)
    clock.advance(LONG_ENOUGH)
    refusal(gone, lambda: p.describe_dataset_group(datasetGroupArn=group))
    assert p.create_dataset_group(name=name)["datasetGroupArn"] == group


# --- lists ----------------------------------------------------------------------------------------


def test_a_page_that_is_the_last_says_so(world: World) -> None:
    listed = world.personalize.list_datasets(datasetGroupArn=world.group, maxResults=1)
    assert [summary["datasetArn"] for summary in listed["datasets"]] == [world.dataset]
    assert "nextToken" not in listed
