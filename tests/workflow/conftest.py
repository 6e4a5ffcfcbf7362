"""The real state machine, with what its example configuration names, on the local AWS."""

from deployed_pipeline import asl, pipeline

__all__ = ["asl", "pipeline"]
