"""Bundles, the form in which the server loads a model: writing and reading."""
