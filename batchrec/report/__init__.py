"""The report of a run: facts that are collected, and a page that shows them."""
