"""Rehearse a batch-recommendation pipeline on Amazon Personalize on one machine."""
