"""checkov checks of batch pipelines on Amazon Personalize; README.md says how to load them."""
