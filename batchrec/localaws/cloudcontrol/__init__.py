"""Cloud Control API for the Personalize resource types; moto has none."""
