"""A local Amazon Personalize: the control plane and the batch jobs."""
