"""What a run bills, or would bill."""
