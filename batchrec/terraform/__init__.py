"""Find Terraform and its provider, and run it on a private copy of a configuration."""
