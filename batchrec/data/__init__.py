"""Interactions to rehearse with, and the file formats that they come in."""
