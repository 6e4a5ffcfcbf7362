"""What batchrec knows of recipes is what the module knows (recipes.tf)."""

from pathlib import Path

import hcl2
import pytest

from batchrec import recipes

REPOSITORY = Path(__file__).resolve().parents[1]
# How recipes.tf names what is asked about: rankings are asked for users.
ASKED = {
    "users": "users",
    "rankings": "users",
    "items": "items",
    "item_attributes": "item attributes",
}
ANSWERED = {"inference": "items", "segment": "users"}


def of_the_module() -> dict[str, dict[str, str]]:
    with (REPOSITORY / "recipes.tf").open(encoding="utf-8") as file:
        (local, *_) = hcl2.load(file)["locals"]
    return {
        name: {member: value.strip('"') for member, value in recipe.items() if member in KNOWN}
        for name, recipe in local["recipes"].items()
        if name.startswith("aws-")
    }


KNOWN = ("asks", "job")


def test_the_modules_recipes_are_read() -> None:
    assert of_the_module()["aws-item-affinity"] == {"asks": "items", "job": "segment"}


@pytest.mark.parametrize("recipe", of_the_module())
def test_a_recipe(recipe: str) -> None:
    known = of_the_module()[recipe]
    assert recipes.asked_by(recipe) == ASKED[known["asks"]]
    assert recipes.job_of(recipe) == known["job"]
    assert recipes.answered_by(recipe) == ANSWERED[known["job"]]
