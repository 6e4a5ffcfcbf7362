"""What the service owns: recipes, algorithms, feature transformations.

Members that AWS documents no value for, such as dates and descriptions, are left out.
"""

from typing import Any

from batchrec.localaws.personalize.exceptions import ResourceNotFoundException
from batchrec.localaws.personalize.hyperparameters import Hyperparameter
from batchrec.localaws.personalize.models.base import ResourceBackend
from batchrec.localaws.personalize.models.resource import ACTIVE
from batchrec.localaws.personalize.recipes import RECIPES, Recipe


class CatalogueBackend(ResourceBackend):
    """Operations on what is there in every account."""

    def describe_recipe(self, recipeArn: str) -> dict[str, Any]:
        """API Reference, DescribeRecipe."""
        return {"recipe": _described(_first("arn", recipeArn))}

    def list_recipes(self, domain: str | None = None, **page: Any) -> dict[str, Any]:
        """API Reference, ListRecipes: with a domain, its use cases only."""
        page.pop("recipeProvider", None)  # there is but one, SERVICE
        found = [
            _described(recipe) for recipe in RECIPES if domain is None or recipe.domain == domain
        ]
        return self._paged("ListRecipes", found, **page)

    def describe_algorithm(self, algorithmArn: str) -> dict[str, Any]:
        """API Reference, DescribeAlgorithm."""
        recipe = _first("algorithm_arn", algorithmArn)
        return {
            "algorithm": {
                "name": algorithmArn.rpartition("/")[2],
                "algorithmArn": algorithmArn,
                "defaultHyperParameters": _defaults(recipe.hyperparameters),
                "defaultHyperParameterRanges": _ranges(recipe.hyperparameters),
            }
        }

    def describe_feature_transformation(self, featureTransformationArn: str) -> dict[str, Any]:
        """API Reference, DescribeFeatureTransformation."""
        _first("feature_transformation_arn", featureTransformationArn)
        parameters: dict[str, str] = {}
        for recipe in RECIPES:  # several recipes share one
            if recipe.feature_transformation_arn == featureTransformationArn:
                parameters |= _defaults(recipe.featurization)
        return {
            "featureTransformation": {
                "name": featureTransformationArn.rpartition("/")[2],
                "featureTransformationArn": featureTransformationArn,
                "defaultParameters": parameters,
                "status": ACTIVE,
            }
        }


def _first(arn_attribute: str, arn: str) -> Recipe:
    for recipe in RECIPES:
        if getattr(recipe, arn_attribute) == arn:
            return recipe
    raise ResourceNotFoundException(arn)


def _described(recipe: Recipe) -> dict[str, Any]:
    return {
        "name": recipe.name,
        "recipeArn": recipe.arn,
        "algorithmArn": recipe.algorithm_arn,
        "featureTransformationArn": recipe.feature_transformation_arn,
        "status": ACTIVE,
        "recipeType": recipe.type,
        "domain": recipe.domain,
    }


def _defaults(parameters: tuple[Hyperparameter, ...]) -> dict[str, str]:
    return {parameter.name: parameter.default for parameter in parameters}


def _ranges(parameters: tuple[Hyperparameter, ...]) -> dict[str, Any]:
    ranges: dict[str, list[dict[str, Any]]] = {
        f"{kind}HyperParameterRanges": [] for kind in ("integer", "continuous", "categorical")
    }
    for parameter in parameters:
        bounds = (
            {"values": list(parameter.values)}
            if parameter.kind == "categorical"
            else {"minValue": parameter.low, "maxValue": parameter.high}
        )
        ranges[f"{parameter.kind}HyperParameterRanges"].append(
            {"name": parameter.name, "isTunable": parameter.tunable} | bounds
        )
    return ranges
