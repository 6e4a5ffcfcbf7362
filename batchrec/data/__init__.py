"""Ratings to rehearse with, and the file format that they come in."""
