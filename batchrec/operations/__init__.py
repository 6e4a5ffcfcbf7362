"""Start, watch and explain the runs of a deployed pipeline."""
