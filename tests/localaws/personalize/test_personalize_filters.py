"""Filters of the local Personalize: their expressions, their lives, and what they leave."""

import json
from collections.abc import Callable

import pytest
from personalize_world import (
    ARN,
    CREATED,
    INTERACTIONS,
    LONG_ENOUGH,
    RECIPE,
    Shop,
    World,
    avro,
    csv,
    life,
    refusal,
    unique,
)

from batchrec.localaws import runtime
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

BOUGHT = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Buy")'


def create(world: World, group: str, expression: str, **settings: object) -> str:
    created = world.personalize.create_filter(
        **{"name": unique("filter"), "datasetGroupArn": group, "filterExpression": expression}
        | settings
    )
    return str(created["filterArn"])


def described(world: World, arn: str) -> dict[str, object]:
    return dict(world.personalize.describe_filter(filterArn=arn)["filter"])


# --- the resource ---------------------------------------------------------------------------------


def test_the_life_of_a_filter(world: World, shop: Shop, held: LocalAws) -> None:
    name = unique("filter")
    arn = create(world, shop.group, BOUGHT, name=name)
    assert arn == f"{ARN}:filter/{name}"

    def status() -> str:
        return str(described(world, arn)["status"])

    assert life(held, status, runtime.current().durations.filter) == CREATED
    found = described(world, arn)
    assert found["filterExpression"] == BOUGHT
    assert found["datasetGroupArn"] == shop.group
    assert "failureReason" not in found
    message = refusal(
        "ResourceAlreadyExistsException", lambda: create(world, shop.group, BOUGHT, name=name)
    )
    assert arn in message


def test_filters_are_listed_under_a_capital(world: World, shop: Shop) -> None:
    """botocore's model: the only key of the service that begins with one."""
    arn = create(world, shop.group, BOUGHT, tags=[{"tagKey": "team", "tagValue": "search"}])
    listed = world.personalize.list_filters(datasetGroupArn=shop.group)["Filters"]
    assert arn in {summary["filterArn"] for summary in listed}
    assert all("filterExpression" not in summary for summary in listed)
    assert world.personalize.list_filters(datasetGroupArn=world.group)["Filters"] == []
    tags = world.personalize.list_tags_for_resource(resourceArn=arn)["tags"]
    assert tags == [{"tagKey": "team", "tagValue": "search"}]
    world.settle()


def test_deleting_a_filter(world: World, shop: Shop, held: LocalAws) -> None:
    p = world.personalize
    arn = create(world, shop.group, BOUGHT)
    refusal("ResourceInUseException", lambda: p.delete_filter(filterArn=arn))
    held.clock.advance(LONG_ENOUGH)
    p.delete_filter(filterArn=arn)
    held.clock.advance(LONG_ENOUGH)
    gone = "ResourceNotFoundException"
    refusal(gone, lambda: p.describe_filter(filterArn=arn))
    refusal(gone, lambda: p.delete_filter(filterArn=arn))


def test_a_filter_does_not_keep_its_dataset_group(world: World) -> None:
    """API Reference, DeleteDatasetGroup, names event trackers, solutions and datasets."""
    p = world.personalize
    group, dataset = world.new_dataset(
        avro(*INTERACTIONS, {"name": "EVENT_TYPE", "type": "string"})
    )
    arn = create(world, group, BOUGHT)
    world.settle()
    p.delete_dataset(datasetArn=dataset)
    world.settle()
    p.delete_dataset_group(datasetGroupArn=group)
    world.settle()
    refusal("ResourceNotFoundException", lambda: p.describe_filter(filterArn=arn))


def test_a_filter_whose_dataset_is_gone_fails_the_job(world: World) -> None:
    """Not documented; a dataset can be deleted whatever filters its fields are in."""
    group, dataset = world.new_dataset(
        avro(*INTERACTIONS, {"name": "EVENT_TYPE", "type": "string"})
    )
    rows = csv(1200, "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE").replace("\n", ",view\n")
    location = world.put(f"{unique()}/a.csv", rows.replace("EVENT_TYPE,view", "EVENT_TYPE"))
    assert world.import_job(location, dataset)["status"] == "ACTIVE"
    version = world.version_of(group, f"{RECIPE}/aws-popularity-count")["solutionVersionArn"]
    arn = create(world, group, BOUGHT)
    world.settle()
    world.personalize.delete_dataset(datasetArn=dataset)
    world.settle()
    source = world.put(f"{unique()}/a.json", '{"userId": "1"}\n')
    destination = f"s3://{world.bucket}/{unique()}/"
    job = world.batch(source, destination, solutionVersionArn=version, filterArn=arn)
    assert job["status"] == "CREATE FAILED"
    assert "Interactions.EVENT_TYPE" in job["failureReason"]


def test_thirty_filters_a_dataset_group(world: World) -> None:
    """Developer Guide, Endpoints and quotas."""
    group, _ = world.new_dataset(avro(*INTERACTIONS, {"name": "EVENT_TYPE", "type": "string"}))
    for _ in range(30):
        create(world, group, BOUGHT)
    refusal("LimitExceededException", lambda: create(world, group, BOUGHT))
    world.settle()


def test_a_filter_needs_a_dataset_group_that_is_ready(world: World, held: LocalAws) -> None:
    """CreateFilter has no ResourceInUseException."""
    group = world.personalize.create_dataset_group(name=unique())["datasetGroupArn"]
    refusal("InvalidInputException", lambda: create(world, group, BOUGHT))
    nowhere = f"{ARN}:dataset-group/nowhere"
    refusal("ResourceNotFoundException", lambda: create(world, nowhere, BOUGHT))


# --- expressions ----------------------------------------------------------------------------------

TEN = " AND ".join(f"Items.F{n} < 1" for n in range(11))


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        # The first text: Developer Guide, Error messages.
        (
            "EXCLUDE ItemID WHERE Items.GENRES NOT IN ($GENRES)",
            "Could not create filter. Invalid input symbol: $GENRES."
            " Placeholders are not allowed with NOT_IN operator.",
        ),
        ('EXCLUDE ItemID WHERE Items.ADULT IN ("true")', "ADULT"),
        ('EXCLUDE ItemID WHERE Items.DESCRIPTION IN ("text")', "DESCRIPTION"),
        ('EXCLUDE ItemID WHERE Items.COLOUR IN ("red")', "COLOUR"),
        ('EXCLUDE ItemID WHERE Interactions.ITEM_ID IN ("1")', "EVENT_TYPE"),
        ('EXCLUDE ItemID WHERE Items.GENRES IN ("*")', "EVENT_TYPE"),
        ('EXCLUDE ItemID WHERE Users.MEMBERSHIP IN ("gold")', "Items or Interactions"),
        ('INCLUDE UserID WHERE Items.GENRES IN ("Comedy")', "Users or Interactions"),
        (
            'EXCLUDE ItemID WHERE Items.PRICE < 5 AND Interactions.EVENT_TYPE IN ("Buy")',
            "same dataset",
        ),
        ("EXCLUDE ItemID WHERE Items.GENRES < 5", "IN or NOT IN"),
        ('EXCLUDE ItemID WHERE Items.PRICE < "5"', "position"),
        ("EXCLUDE ItemID WHERE Items.PRICE", "position"),
        ("EXCLUDE ItemID", "position"),
        ('EXCLUDE ItemID Items.GENRES IN ("Comedy")', "position"),
        ('DROP ItemID WHERE Items.GENRES IN ("Comedy")', "position"),
        ("EXCLUDE ItemID WHERE Items.GENRES IN ()", "position"),
        (f"{BOUGHT} |", "position"),
        (f'{BOUGHT} | INCLUDE UserID WHERE Users.MEMBERSHIP IN ("gold")', "ItemID or UserID"),
        (f"EXCLUDE ItemID WHERE {TEN}", "more than 10"),
        # Documented, but not evaluated here.
        ("EXCLUDE ItemID WHERE Items.PRICE < 5 IF CurrentUser.AGE > 18", "local Personalize"),
        ("INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE", "local Personalize"),
        ('EXCLUDE ActionID WHERE Actions.TYPE IN ("x")', "local Personalize"),
    ],
)
def test_expressions_that_are_none(world: World, shop: Shop, expression: str, reason: str) -> None:
    message = refusal("InvalidInputException", lambda: create(world, shop.group, expression))
    assert reason in message
    if "local Personalize" not in reason:
        assert message.startswith("Could not create filter. Invalid ")


def test_event_types_must_be_in_the_data(world: World) -> None:
    message = refusal("InvalidInputException", lambda: create(world, world.group, BOUGHT))
    assert "EVENT_TYPE" in message


def test_twenty_fields_in_all_filters_of_a_dataset_group(world: World) -> None:
    """Developer Guide, Filter expressions, Guidelines and requirements."""
    group, _ = world.new_dataset(avro(*INTERACTIONS, {"name": "EVENT_TYPE", "type": "string"}))
    numbers = [{"name": f"F{chr(65 + n)}", "type": "float"} for n in range(20)]
    items = avro({"name": "ITEM_ID", "type": "string"}, *numbers, name="Items")
    header = ",".join(["ITEM_ID", *(number["name"] for number in numbers)])
    world.add_dataset(group, items, "Items", f"{header}\n1{',1' * 20}\n")
    for part in (numbers[:10], numbers[10:]):
        conditions = " AND ".join(f"Items.{number['name']} < 1" for number in part)
        create(world, group, f"EXCLUDE ItemID WHERE {conditions}")
    create(world, group, "EXCLUDE ItemID WHERE Items.FA > 2")
    refusal("InvalidInputException", lambda: create(world, group, BOUGHT))
    world.settle()


# --- filtered recommendations ---------------------------------------------------------------------

Expected = Callable[[Shop, str], set[str]]
ALL = {str(item) for item in range(80)}  # every item has events


def described_items(predicate: Callable[[int], bool]) -> set[str]:
    return {str(item) for item in range(70) if predicate(item)}


COMEDIES = described_items(lambda item: item % 3 == 0)
DRAMAS = described_items(lambda item: item % 4 == 0)

EXPRESSIONS: list[tuple[str, Expected]] = [
    ('INCLUDE ItemID WHERE Items.GENRES IN ("Comedy")', lambda s, u: COMEDIES),
    ('EXCLUDE ItemID WHERE Items.GENRES IN ("Comedy")', lambda s, u: ALL - COMEDIES),
    ('INCLUDE ItemID WHERE Items.GENRES IN ("comedy")', lambda s, u: set()),
    ('INCLUDE ItemID WHERE Items.GENRES IN ("Comedy", "Drama")', lambda s, u: COMEDIES | DRAMAS),
    (
        'INCLUDE ItemID WHERE Items.GENRES IN ("Comedy") AND Items.GENRES IN ("Drama")',
        lambda s, u: COMEDIES & DRAMAS,
    ),
    # What isn't described meets no condition.
    (
        'INCLUDE ItemID WHERE Items.GENRES NOT IN ("Comedy")',
        lambda s, u: described_items(lambda item: item % 3 != 0),
    ),
    ("INCLUDE ItemID WHERE Items.PRICE < 10.5", lambda s, u: described_items(lambda i: i < 10)),
    ("INCLUDE ItemID WHERE Items.PRICE <= 10.5", lambda s, u: described_items(lambda i: i <= 10)),
    ("INCLUDE ItemID WHERE Items.PRICE > 60", lambda s, u: described_items(lambda i: i >= 60)),
    ("INCLUDE ItemID WHERE Items.PRICE >= 60.5", lambda s, u: described_items(lambda i: i >= 60)),
    ("INCLUDE ItemID WHERE Items.PRICE = 10.5", lambda s, u: {"10"}),
    (
        "EXCLUDE ItemID WHERE Items.PRICE != 10.5",
        lambda s, u: (ALL - described_items(bool)) - {"0"} | {"10"},
    ),
    (
        "INCLUDE ItemID WHERE Items.RELEASED < 1600000000",
        lambda s, u: described_items(bool),
    ),
    # AND binds closer than OR.
    (
        'INCLUDE ItemID WHERE Items.PRICE < 4 OR Items.GENRES IN ("Drama") AND Items.PRICE > 50',
        lambda s, u: described_items(lambda i: i < 4 or (i % 4 == 0 and i >= 50)),
    ),
    (BOUGHT, lambda s, u: ALL - s.items_of(u, "Buy")),
    # Case doesn't matter for event types, keywords and names.
    (
        'exclude itemId where INTERACTIONS.event_type in ("BUY")',
        lambda s, u: ALL - s.items_of(u, "Buy"),
    ),
    (
        'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
        lambda s, u: s.items_of(u),
    ),
    (
        'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Buy", "click")',
        lambda s, u: ALL - s.items_of(u),
    ),
    # Combining multiple expressions: the union of each kind, and the difference between them.
    (
        'INCLUDE ItemID WHERE Items.GENRES IN ("Comedy") | INCLUDE ItemID WHERE Items.PRICE < 4',
        lambda s, u: COMEDIES | {"0", "1", "2", "3"},
    ),
    (
        f'{BOUGHT} | INCLUDE ItemID WHERE Items.GENRES IN ("Comedy")',
        lambda s, u: COMEDIES - s.items_of(u, "Buy"),
    ),
    (
        f'{BOUGHT} | EXCLUDE ItemID WHERE Items.GENRES IN ("Comedy")',
        lambda s, u: ALL - COMEDIES - s.items_of(u, "Buy"),
    ),
]


@pytest.fixture(scope="module")
def version(world: World, shop: Shop) -> str:
    trained = world.version_of(shop.group)
    assert trained["status"] == "ACTIVE", trained
    return str(trained["solutionVersionArn"])


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS)
def test_what_a_filter_leaves(
    world: World, shop: Shop, version: str, expression: str, expected: Expected
) -> None:
    arn = create(world, shop.group, expression)
    world.settle()
    users = ["7", "12", "nobody"]
    lines = world.recommend(
        "".join(f'{{"userId":"{user}"}}\n' for user in users),
        solutionVersionArn=version,
        filterArn=arn,
        numResults=100,
    )
    for user, line in zip(users, lines, strict=True):
        answer = json.loads(line)
        assert answer["error"] is None
        assert set(answer["output"]["recommendedItems"]) == expected(shop, user)
    world.personalize.delete_filter(filterArn=arn)
    world.settle()


def test_values_come_with_the_lines(world: World, shop: Shop, version: str) -> None:
    """Developer Guide, Providing filter values in your input JSON."""
    arn = create(
        world,
        shop.group,
        "INCLUDE ItemID WHERE Items.GENRES IN ($GENRES) AND Items.PRICE < $PRICE",
    )
    world.settle()
    values: list[dict[str, str]] = [
        {"GENRES": '"Comedy"', "PRICE": '"20"'},
        {"GENRES": '"Comedy","Drama"', "PRICE": "40"},
        {"genres": '"Comedy"', "PRICE": "40"},  # case matters
        {"GENRES": '"Comedy"', "PRICE": '"cheap"'},
    ]
    given = [json.dumps({"userId": "7", "filterValues": value}) for value in values]
    given.append('{"userId":"7"}')
    lines = world.recommend(
        "\n".join(given) + "\n", solutionVersionArn=version, filterArn=arn, numResults=100
    )
    answers = [json.loads(line) for line in lines]
    found = [set(answer["output"]["recommendedItems"]) for answer in answers]
    assert found[0] == {item for item in COMEDIES if int(item) < 20}
    assert found[1] == {item for item in COMEDIES | DRAMAS if int(item) < 40}
    assert found[2:] == [set(), set(), set()]
    assert answers[0]["input"]["filterValues"] == values[0]
    assert [answer["error"] is None for answer in answers] == [True, True, False, False, False]
    assert all(answer["error"].startswith("User error: ") for answer in answers[2:])


def test_the_latest_hundred_events_of_a_type_count(world: World) -> None:
    """Developer Guide, Filter expressions."""
    group, dataset = world.new_dataset(
        avro(*INTERACTIONS, {"name": "EVENT_TYPE", "type": "string"})
    )
    rows = csv(1500).splitlines()
    lines = [f"{rows[0]},EVENT_TYPE", *(f"{row},view" for row in rows[1:])]
    lines += ["fan,5,1600000000,view", "fan,6,1600000001,view", "fan,79,1600000002,buy"]
    lines += [f"fan,{10 + n % 10},{1_700_000_000 + n},view" for n in range(100)]
    location = world.put(f"{unique()}/a.csv", "\n".join(lines) + "\n")
    assert world.import_job(location, dataset)["status"] == "ACTIVE"
    version = world.version_of(group)["solutionVersionArn"]
    arn = create(world, group, 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")')
    world.settle()
    (line,) = world.recommend(
        '{"userId":"fan"}\n', solutionVersionArn=version, filterArn=arn, numResults=100
    )
    considered = {*map(str, range(10, 20)), "79"}
    assert set(json.loads(line)["output"]["recommendedItems"]) == considered


def test_which_filter_fits_a_job(world: World, shop: Shop, version: str, held: LocalAws) -> None:
    p = world.personalize
    source = world.put(f"{unique()}/input.json", '{"userId": "1"}\n')

    def start(filter_arn: str) -> str:
        return world.start_batch(
            source,
            f"s3://{world.bucket}/{unique()}/",
            solutionVersionArn=version,
            filterArn=filter_arn,
        )

    arn = create(world, shop.group, BOUGHT)
    refusal("ResourceInUseException", lambda: start(arn))
    held.clock.advance(LONG_ENOUGH)
    job = start(arn)
    described_job = p.describe_batch_inference_job(batchInferenceJobArn=job)
    assert described_job["batchInferenceJob"]["filterArn"] == arn
    refusal("ResourceInUseException", lambda: p.delete_filter(filterArn=arn))
    refusal("ResourceNotFoundException", lambda: start(f"{ARN}:filter/nowhere"))


def test_a_filter_for_other_answers_or_another_group(
    world: World, shop: Shop, version: str
) -> None:
    group, _ = world.new_dataset(avro(*INTERACTIONS, {"name": "EVENT_TYPE", "type": "string"}))
    arns = [
        create(world, shop.group, 'INCLUDE UserID WHERE Users.MEMBERSHIP IN ("gold")'),
        create(world, group, BOUGHT),
    ]
    world.settle()
    paths = (f"s3://{world.bucket}/in/", f"s3://{world.bucket}/out/")
    for arn in arns:
        wrong = {"solutionVersionArn": version, "filterArn": arn}
        refusal("InvalidInputException", lambda wrong=wrong: world.start_batch(*paths, **wrong))


# --- filtered segments ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def affinity(world: World, shop: Shop) -> dict[str, str]:
    return {
        recipe: str(world.version_of(shop.group, f"{RECIPE}/{recipe}")["solutionVersionArn"])
        for recipe in ("aws-item-affinity", "aws-item-attribute-affinity")
    }


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('INCLUDE UserID WHERE Users.MEMBERSHIP IN ("gold")', lambda n: n % 2 == 1),
        ("EXCLUDE UserID WHERE Users.AGE < 40", lambda n: n == 0 or n >= 20),
        ('INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("Buy", "gift")', lambda n: True),
        ('EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("buy")', lambda n: False),
        ('INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("gift")', lambda n: False),
    ],
)
def test_who_a_filter_leaves_in_a_segment(
    world: World,
    shop: Shop,
    affinity: dict[str, str],
    expression: str,
    expected: Callable[[int], bool],
) -> None:
    arn = create(world, shop.group, expression)
    world.settle()
    (line,) = world.segment(
        '{"itemId":"5"}\n',
        solutionVersionArn=affinity["aws-item-affinity"],
        filterArn=arn,
        numResults=100,
    )
    users = json.loads(line)["output"]["usersList"]
    assert set(users) == {str(n) for n in range(50) if expected(n)}
    world.personalize.delete_filter(filterArn=arn)
    world.settle()


def test_attribute_segments_are_not_filtered_by_interactions(
    world: World, shop: Shop, affinity: dict[str, str]
) -> None:
    """Developer Guide, Filter expressions, Guidelines and requirements."""
    by_events = create(world, shop.group, 'INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("*")')
    by_age = create(world, shop.group, "INCLUDE UserID WHERE Users.AGE = $AGE")
    world.settle()
    line = json.dumps(
        {"itemAttributes": 'ITEMS.GENRES = "Comedy"', "filterValues": {"AGE": '"27"'}}
    )
    version = affinity["aws-item-attribute-affinity"]

    def segment(filter_arn: str) -> list[str]:
        return world.segment(f"{line}\n", solutionVersionArn=version, filterArn=filter_arn)

    refusal("InvalidInputException", lambda: segment(by_events))
    (answer,) = segment(by_age)
    assert json.loads(answer)["output"]["usersList"] == ["7"]
