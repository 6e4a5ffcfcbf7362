"""What each family of recipes makes of a batch job's lines: inference, segments, themes."""

import json
import re
from collections.abc import Callable
from typing import Any

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
    life,
    refusal,
    unique,
)

from batchrec.localaws import runtime
from batchrec.localaws.personalize import batch, themes
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

COMEDIES = 'ITEMS.GENRES = "Comedy"'
ITEM_METRICS = {
    "coverage",
    "mean_reciprocal_rank_at_25",
    *(f"normalized_discounted_cumulative_gain_at_{k}" for k in (5, 10, 25)),
    *(f"precision_at_{k}" for k in (5, 10, 25)),
}
SEGMENT_METRICS = {"coverage", "hits_at_1_percent", "recall_at_1_percent"}

Versions = dict[str, str]  # recipe → ARN of a solution version


@pytest.fixture(scope="module")
def versions(world: World, shop: Shop) -> Versions:
    """Shared by all tests: a dataset group can have ten solutions."""
    made = {}
    for recipe in (
        "aws-popularity-count",
        "aws-personalized-ranking",
        "aws-personalized-ranking-v2",
        "aws-similar-items",
        "aws-sims",
        "aws-item-affinity",
        "aws-item-attribute-affinity",
    ):
        version = world.version_of(shop.group, f"{RECIPE}/{recipe}")
        assert version["status"] == "ACTIVE", version
        made[recipe] = version["solutionVersionArn"]
    return made


# --- recipes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ["aws-trending-now", "aws-next-best-action"])
def test_recipes_without_batch_jobs(world: World, recipe: str) -> None:
    """Developer Guide, Preparing input data for batch recommendations."""
    version = world.version_of(world.group, f"{RECIPE}/{recipe}")
    assert version["status"] == "CREATE FAILED"  # here; it would be trained on AWS
    assert recipe in version["failureReason"]
    paths = (f"s3://{world.bucket}/in/", f"s3://{world.bucket}/out/")
    arn = version["solutionVersionArn"]
    for start in (world.start_batch, world.start_segments):
        refusal("InvalidInputException", lambda start=start: start(*paths, solutionVersionArn=arn))


def test_each_recipe_has_its_kind_of_job(world: World, versions: Versions) -> None:
    paths = (f"s3://{world.bucket}/in/", f"s3://{world.bucket}/out/")
    for recipe, version in versions.items():
        wrong = world.start_batch if "affinity" in recipe else world.start_segments
        refusal(
            "InvalidInputException",
            lambda wrong=wrong, version=version: wrong(*paths, solutionVersionArn=version),
        )


def test_metrics_have_the_names_of_their_kind(world: World, versions: Versions) -> None:
    """Developer Guide, Evaluating a solution version with metrics."""
    for recipe, version in versions.items():
        answer = world.personalize.get_solution_metrics(solutionVersionArn=version)
        expected = SEGMENT_METRICS if "affinity" in recipe else ITEM_METRICS
        assert set(answer["metrics"]) == expected, recipe
        assert all(round(value, 4) == value for value in answer["metrics"].values())


@pytest.mark.parametrize(
    "columns",
    [
        [{"name": "DESCRIPTION", "type": "string", "textual": True}],
        None,
    ],
    ids=["textual", "no-items"],
)
def test_attribute_segments_need_items_with_attributes(
    world: World, shop: Shop, columns: list[dict[str, Any]] | None
) -> None:
    """Developer Guide, Item-Attribute-Affinity recipe."""
    group, dataset = world.new_dataset(avro(*INTERACTIONS))
    rows = "".join(f"{user},{item},{time}\n" for user, item, time, _ in shop.events)
    location = world.put(f"{unique()}/a.csv", f"USER_ID,ITEM_ID,TIMESTAMP\n{rows}")
    assert world.import_job(location, dataset)["status"] == "ACTIVE"
    if columns is not None:
        schema = avro({"name": "ITEM_ID", "type": "string"}, *columns, name="Items")
        world.add_dataset(group, schema, "Items", f"ITEM_ID,{columns[0]['name']}\n1,1\n")
    version = world.version_of(group, f"{RECIPE}/aws-item-attribute-affinity")
    assert version["status"] == "CREATE FAILED"
    assert "Items dataset" in version["failureReason"]


# --- related items --------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ["aws-similar-items", "aws-sims"])
def test_related_items_are_written_as_documented(
    world: World, shop: Shop, versions: Versions, recipe: str
) -> None:
    """Developer Guide, Batch input and output JSON examples: items without scores.

    That the examples have no `error` is taken for editorial.
    """
    lines = world.recommend(
        '{"itemId": "8"}\n{"itemId": "13"}\n', solutionVersionArn=versions[recipe], numResults=10
    )
    for item, line in zip(("8", "13"), lines, strict=True):
        found = json.loads(line)["output"]["recommendedItems"]
        listed = ",".join(f'"{other}"' for other in found)
        assert line == (
            f'{{"input":{{"itemId":"{item}"}},"output":{{"recommendedItems":[{listed}]}},'
            '"error":null}'
        )
        assert len(set(found)) == 10
        assert item not in found
        # Even and odd items have no users in common.
        assert all(int(other) % 2 == int(item) % 2 for other in found)


def test_similar_items_are_those_that_most_users_share(
    world: World, shop: Shop, versions: Versions
) -> None:
    users = {str(item): {u for u, i, _, _ in shop.events if i == str(item)} for item in range(80)}
    shared = {item: len(users[item] & users["8"]) for item in users if item != "8"}
    (line,) = world.recommend(
        '{"itemId":"8"}\n', solutionVersionArn=versions["aws-similar-items"], numResults=39
    )
    found = json.loads(line)["output"]["recommendedItems"]
    assert [shared[item] for item in found] == sorted(shared.values(), reverse=True)[:39]


def test_unknown_items_get_popular_ones(world: World, versions: Versions) -> None:
    """Developer Guide, Similar-Items recipe."""
    (line,) = world.recommend('{"itemId":"never seen"}\n', solutionVersionArn=versions["aws-sims"])
    (popular,) = world.recommend(
        '{"userId":"never seen"}\n', solutionVersionArn=versions["aws-popularity-count"]
    )
    assert json.loads(line)["output"] == json.loads(popular)["output"]
    assert json.loads(line)["error"] is None


def test_who_asks_for_related_items_can_be_told_to_a_filter(
    world: World, shop: Shop, versions: Versions
) -> None:
    """Developer Guide, Filter expressions: for related items, the user is optional."""
    arn = world.personalize.create_filter(
        name=unique(),
        datasetGroupArn=shop.group,
        filterExpression='EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
    )["filterArn"]
    world.settle()
    lines = world.recommend(
        '{"itemId":"8","userId":"4"}\n{"itemId":"8"}\n',
        solutionVersionArn=versions["aws-similar-items"],
        filterArn=arn,
        numResults=100,
    )
    own, everything = (set(json.loads(line)["output"]["recommendedItems"]) for line in lines)
    assert len(everything) == 79
    assert own == everything - shop.items_of("4")


# --- rankings -------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ["aws-personalized-ranking", "aws-personalized-ranking-v2"])
def test_rankings_are_written_as_documented(world: World, versions: Versions, recipe: str) -> None:
    """Developer Guide, Batch input and output JSON examples: all items, scores sum to 1."""
    items = ["8", "13", "20", "77"]
    given = json.dumps({"userId": "4", "itemList": items})
    (line,) = world.recommend(f"{given}\n", solutionVersionArn=versions[recipe], numResults=2)
    answer = json.loads(line)
    ranked, scores = answer["output"]["recommendedItems"], answer["output"]["scores"]
    assert sorted(ranked) == sorted(items)
    assert set(ranked[:2]) == {"8", "20"}  # user 4 has even items only
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1, abs=4e-7)  # of rounding to 7 decimals
    assert re.fullmatch(
        r'\{"input":\{"userId":"4","itemList":\["8","13","20","77"\]\},'
        r'"output":\{"recommendedItems":\[("\d+",?){4}\],"scores":\[([\d.E-]+,?){4}\]\},'
        r'"error":null\}',
        line,
    )


def test_items_without_events_are_ranked_last_without_a_score(
    world: World, versions: Versions
) -> None:
    """Developer Guide, Personalized-Ranking recipe; how batch files show it isn't verified."""
    given = json.dumps({"userId": "4", "itemList": ["new", "8", "newer", "13"]})
    (line,) = world.recommend(
        f"{given}\n", solutionVersionArn=versions["aws-personalized-ranking-v2"]
    )
    output = json.loads(line)["output"]
    assert output["recommendedItems"] == ["8", "13", "new", "newer"]
    assert len(output["scores"]) == 2


# --- lines that can't be answered -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipe", "required", "lines"),
    [
        ("aws-popularity-count", "userId", ['{"itemId":"1"}', '{"userId":""}', "[]"]),
        ("aws-similar-items", "itemId", ['{"userId":"1"}', '{"itemId":1}', "no JSON"]),
        (
            "aws-personalized-ranking",
            "userId, itemList",
            ['{"userId":"1"}', '{"itemList":["1"]}', '{"userId":"1","itemList":[]}'],
        ),
        (
            "aws-personalized-ranking-v2",
            "userId, itemList",
            ['{"userId":"1","itemList":"1"}', '{"userId":"1","itemList":[1]}'],
        ),
    ],
)
def test_lines_without_the_required_fields(
    world: World, versions: Versions, recipe: str, required: str, lines: list[str]
) -> None:
    """The recorded text, https://repost.aws/questions/QUeREKqg8BSiakXAEyxdUr7A, says userId."""
    for line in world.recommend("\n".join(lines), solutionVersionArn=versions[recipe]):
        answer = json.loads(line)
        assert answer["output"] == {"recommendedItems": []}
        assert answer["error"] == (
            f"User error: Required fields for the provided recipe are {required}"
        )


@pytest.mark.parametrize(
    ("recipe", "line"),
    [
        ("aws-item-affinity", '{"userId":"1"}'),
        ("aws-item-affinity", '{"itemId":"never seen"}'),
        ("aws-item-attribute-affinity", '{"itemId":"1"}'),
        *(
            ("aws-item-attribute-affinity", json.dumps({"itemAttributes": expression}))
            for expression in (
                'ITEMS.GENRES = "Western"',
                f'{COMEDIES} AND ITEMS.GENRES = "Western"',
                f'{COMEDIES} OR ITEMS.GENRES = "Drama"',
                'ITEMS.GENRES IN ("Comedy")',
                "ITEMS.PRICE < 5",
                'USERS.AGE = "30"',
                'ITEMS.DESCRIPTION = "text"',
                "Comedy",
            )
        ),
    ],
)
def test_segments_that_cannot_be_made(
    world: World, versions: Versions, recipe: str, line: str
) -> None:
    """What is asked for must have been there at training; the form of such lines isn't known."""
    (written,) = world.segment(f"{line}\n", solutionVersionArn=versions[recipe])
    answer = json.loads(written)
    assert list(answer) == ["input", "output", "error"]
    assert answer["output"] == {"usersList": []}
    assert answer["error"].startswith("User error: ")


# --- segments -------------------------------------------------------------------------------------


def test_the_life_of_a_batch_segment_job(world: World, versions: Versions, held: LocalAws) -> None:
    source = world.put(f"{unique()}/input.json", '{"itemId":"1"}\n')
    destination = f"s3://{world.bucket}/{unique()}/"
    name, version = unique("segment"), versions["aws-item-affinity"]
    arn = world.start_segments(source, destination, jobName=name, solutionVersionArn=version)
    assert arn == f"{ARN}:batch-segment-job/{name}"

    def described() -> Any:
        found = world.personalize.describe_batch_segment_job(batchSegmentJobArn=arn)
        return found["batchSegmentJob"]

    duration = runtime.current().durations.batch_segment_job
    assert life(held, lambda: str(described()["status"]), duration) == CREATED
    job = described()
    assert job["numResults"] == 25
    assert job["solutionVersionArn"] == version
    assert job["jobInput"] == {"s3DataSource": {"path": source}}
    assert job["jobOutput"] == {"s3DataDestination": {"path": destination}}
    assert not {"filterArn", "batchInferenceJobMode"} & job.keys()
    listed = world.personalize.list_batch_segment_jobs(solutionVersionArn=version)
    assert arn in {summary["batchSegmentJobArn"] for summary in listed["batchSegmentJobs"]}
    assert all("jobInput" not in summary for summary in listed["batchSegmentJobs"])
    taken = "ResourceAlreadyExistsException"
    again = {"jobName": name, "solutionVersionArn": version}
    refusal(taken, lambda: world.start_segments(source, destination, **again))


@pytest.mark.parametrize(
    ("recipe", "given", "likely"),
    [
        ("aws-item-affinity", {"itemId": "13"}, lambda user: user % 2 == 1),
        (
            "aws-item-attribute-affinity",
            {"itemAttributes": 'ITEMS.GENRES = "Comedy" AND items.genres = "Drama"'},
            lambda user: user % 2 == 0,  # n % 12 == 0
        ),
        (
            "aws-item-attribute-affinity",
            {"itemAttributes": "ITEMS.PRICE = 13.5"},
            lambda user: user % 2 == 1,
        ),
        (
            "aws-item-attribute-affinity",
            {"itemAttributes": f'ITEMS.TITLE = "{Shop.title(13)}"'},
            lambda user: user % 2 == 1,
        ),
    ],
)
def test_segments_are_written_as_real_jobs_write_them(
    world: World,
    versions: Versions,
    recipe: str,
    given: dict[str, str],
    likely: Callable[[int], bool],
) -> None:
    """Recorded files have `usersList` and the wrapper `input`, unlike the guide's examples."""
    (line,) = world.segment(
        f"{json.dumps(given)}\n", solutionVersionArn=versions[recipe], numResults=8
    )
    users = json.loads(line)["output"]["usersList"]
    echoed = json.dumps(given, separators=(",", ":"))
    listed = ",".join(f'"{user}"' for user in users)
    assert line == f'{{"input":{echoed},"output":{{"usersList":[{listed}]}},"error":null}}'
    assert len(set(users)) == 8
    assert all(likely(int(user)) for user in users)


@pytest.mark.parametrize("count", [0, -1])
def test_results_are_at_least_one(world: World, versions: Versions, count: int) -> None:
    paths = (f"s3://{world.bucket}/in/", f"s3://{world.bucket}/out/")
    settings = {"solutionVersionArn": versions["aws-item-affinity"], "numResults": count}
    refusal("InvalidInputException", lambda: world.start_segments(*paths, **settings))


def test_a_segment_has_at_most_everybody(world: World, versions: Versions) -> None:
    version = versions["aws-item-affinity"]
    (line,) = world.segment('{"itemId":"1"}\n', solutionVersionArn=version, numResults=5_000_000)
    assert len(set(json.loads(line)["output"]["usersList"])) == 50
    paths = (f"s3://{world.bucket}/in/", f"s3://{world.bucket}/out/")
    refusal(
        "InvalidInputException",
        lambda: world.start_segments(*paths, solutionVersionArn=version, numResults=5_000_001),
    )


@pytest.mark.parametrize(
    ("recipe", "line", "most"),
    [
        ("aws-item-affinity", '{"itemId":"1"}\n', 500),
        ("aws-item-attribute-affinity", json.dumps({"itemAttributes": COMEDIES}) + "\n", 10),
    ],
)
def test_too_many_lines_for_segments(
    world: World, versions: Versions, recipe: str, line: str, most: int
) -> None:
    """Developer Guide, Preparing input data for user segments."""
    version = versions[recipe]
    assert len(world.segment(line * most, solutionVersionArn=version)) == most
    folder = unique("segment")
    for name in ("a", "b"):
        world.put(f"{folder}/{name}.json", line * (most // 2 + 1))
    place = f"s3://{world.bucket}/{folder}"
    job = world.segments(f"{place}/", f"{place}-out/", solutionVersionArn=version)
    assert job["status"] == "CREATE FAILED"
    assert f"at most {most}" in job["failureReason"]
    assert world.keys(f"{folder}-out/") == []


def test_five_segment_jobs_at_once_beside_five_inferences(
    world: World, versions: Versions, held: LocalAws
) -> None:
    """Developer Guide, Endpoints and quotas."""
    source = world.put(f"{unique()}/input.json", '{"itemId":"1"}\n')
    version = versions["aws-item-affinity"]

    def segments() -> str:
        destination = f"s3://{world.bucket}/{unique()}/"
        return world.start_segments(source, destination, solutionVersionArn=version)

    for _ in range(5):
        world.start_batch(source, f"s3://{world.bucket}/{unique()}/")
    for _ in range(5):
        segments()
    message = refusal("LimitExceededException", segments)
    assert message == "More than 5 resources with PENDING or IN_PROGRESS status."
    held.clock.advance(LONG_ENOUGH)
    segments()


# --- themes (Developer Guide, Batch recommendations with themes) ----------------------------------


def with_themes(column: str = "TITLE") -> dict[str, Any]:
    return {
        "batchInferenceJobMode": "THEME_GENERATION",
        "themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": column}},
    }


def test_related_items_have_a_theme(world: World, versions: Versions) -> None:
    """Of items that are all even, called "The Even Adventures of …", or all odd."""
    lines = world.recommend(
        '{"itemId":"8"}\n{"itemId":"13"}\n',
        solutionVersionArn=versions["aws-similar-items"],
        numResults=10,
        **with_themes(),
    )
    for line, even in zip(lines, (True, False), strict=True):
        output = json.loads(line)["output"]
        assert list(output) == ["recommendedItems", "theme", "itemsThemeRelevanceScores"]
        assert output["theme"] == "Adventures"
        assert len(output["recommendedItems"]) == 10
        assert all(int(item) % 2 == (not even) for item in output["recommendedItems"])
        scores = output["itemsThemeRelevanceScores"]
        assert len(scores) == 10
        assert scores == sorted(scores, reverse=True)
        assert line.endswith(']},"error":null}')


def test_a_theme_is_what_most_names_have_in_common() -> None:
    names = {
        "1": "The Return of the Vampire",
        "2": "Blood for Dracula",
        "3": "Vampire Hunter",
        "4": "Return to Oz",
        "5": "Vampire, the vampire, & a VAMPIRE",
    }
    theme = themes.find(["4", "1", "2", "3", "5", "6"], names)
    assert theme.name == "Vampire"  # of three names; "return" of two
    # Words of four letters or more: 3 of 3, 1 of 2 (The Return …), 1 of 2, then as they came.
    assert theme.items == ["5", "1", "3", "4", "2", "6"]
    assert theme.relevance == [1.0, 0.5, 0.5, 0.0, 0.0, 0.0]


def test_equal_themes_are_in_alphabetical_order_and_none_is_possible() -> None:
    assert themes.find(["1", "2"], {"1": "Zebra", "2": "Antelope"}).name == "Antelope"
    nothing = themes.find(["1", "2"], {"1": "It"})
    assert (nothing.items, nothing.relevance) == (["1", "2"], [0.0, 0.0])
    assert nothing.name


def test_a_themed_job_is_described_as_one(world: World, versions: Versions) -> None:
    source = world.put(f"{unique()}/input.json", '{"itemId":"8"}\n')
    job = world.batch(
        source,
        f"s3://{world.bucket}/{unique()}/",
        solutionVersionArn=versions["aws-similar-items"],
        **with_themes(),
    )
    assert job["batchInferenceJobMode"] == "THEME_GENERATION"
    assert job["themeGenerationConfig"] == with_themes()["themeGenerationConfig"]


@pytest.mark.parametrize(
    ("recipe", "settings"),
    [
        ("aws-sims", with_themes()),
        ("aws-personalized-ranking", with_themes()),
        ("aws-similar-items", with_themes("COLOUR")),
        ("aws-similar-items", with_themes("PRICE")),
        ("aws-similar-items", {"batchInferenceJobMode": "THEME_GENERATION"}),
        (
            "aws-similar-items",
            {"themeGenerationConfig": with_themes()["themeGenerationConfig"]},
        ),
    ],
    ids=["sims", "ranking", "no-column", "no-text", "no-config", "no-mode"],
)
def test_themes_that_cannot_be_had(
    world: World, versions: Versions, recipe: str, settings: dict[str, Any]
) -> None:
    paths = (f"s3://{world.bucket}/in/", f"s3://{world.bucket}/out/")
    version = versions[recipe]
    refusal(
        "InvalidInputException",
        lambda: world.start_batch(*paths, solutionVersionArn=version, **settings),
    )


def test_themes_need_items(world: World) -> None:
    version = world.version_of(world.group, f"{RECIPE}/aws-similar-items")["solutionVersionArn"]
    paths = (f"s3://{world.bucket}/in/", f"s3://{world.bucket}/out/")
    refusal(
        "InvalidInputException",
        lambda: world.start_batch(*paths, solutionVersionArn=version, **with_themes()),
    )


def test_a_hundred_lines_of_a_file_have_themes(world: World, versions: Versions) -> None:
    folder = unique("themes")
    for name in ("a", "b"):
        world.put(f"{folder}/few/{name}.json", '{"itemId":"8"}\n' * 100)
    world.put(f"{folder}/many/a.json", '{"itemId":"8"}\n' * 101)
    place = f"s3://{world.bucket}/{folder}"
    settings = {"solutionVersionArn": versions["aws-similar-items"], **with_themes()}
    assert world.batch(f"{place}/few/", f"{place}/out/", **settings)["status"] == "ACTIVE"
    failed = world.batch(f"{place}/many/", f"{place}/out/", **settings)
    assert failed["status"] == "CREATE FAILED"
    assert "at most 100" in failed["failureReason"]


def test_input_has_limits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Developer Guide, Endpoints and quotas: 1,000 files and 1 GB for a batch job."""
    assert (batch.MAXIMUM_FILES, batch.MAXIMUM_BYTES) == (1000, 10**9)
    line = '{"userId": "1"}\n'
    folder = unique("limits")
    for number in range(3):
        world.put(f"{folder}/{number}.json", line)
    source, out = f"s3://{world.bucket}/{folder}/", f"s3://{world.bucket}/{folder}-out/"
    for limit, most in (("MAXIMUM_FILES", 3), ("MAXIMUM_BYTES", 3 * len(line))):
        with monkeypatch.context() as patch:
            patch.setattr(batch, limit, most)
            assert world.batch(source, out)["status"] == "ACTIVE"
            patch.setattr(batch, limit, most - 1)
            refused = world.batch(source, out)
        assert refused["status"] == "CREATE FAILED"
        assert refused["failureReason"].startswith("The input ")
