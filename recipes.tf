# What each recipe is asked about, and by which kind of batch job (Amazon Personalize Developer
# Guide, Choosing a recipe). Those without a batch job are refused by var.solutions.

locals {
  recipes = {
    aws-user-personalization    = { asks = "users", job = "inference" }
    aws-user-personalization-v2 = { asks = "users", job = "inference" }
    aws-popularity-count        = { asks = "users", job = "inference" }
    aws-personalized-ranking    = { asks = "rankings", job = "inference" }
    aws-personalized-ranking-v2 = { asks = "rankings", job = "inference" }
    aws-similar-items           = { asks = "items", job = "inference" }
    aws-sims                    = { asks = "items", job = "inference" }
    aws-item-affinity           = { asks = "items", job = "segment" }
    aws-item-attribute-affinity = { asks = "item_attributes", job = "segment" }
  }

  # A ranking is asked for users, with the items to rank beside each.
  asked = {
    for key, input in var.batch_inputs :
    key => input.kind == "users" && input.item_list != null ? "rankings" : input.kind
  }

  metrics = {
    inference = concat(
      ["coverage", "mean_reciprocal_rank_at_25"],
      [for k in [5, 10, 25] : "normalized_discounted_cumulative_gain_at_${k}"],
      [for k in [5, 10, 25] : "precision_at_${k}"],
    )
    segment = ["coverage", "hits_at_1_percent", "recall_at_1_percent"]
  }
}
