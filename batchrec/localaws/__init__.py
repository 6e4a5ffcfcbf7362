"""The local AWS: moto in server mode, and what this pipeline needs that moto lacks."""
