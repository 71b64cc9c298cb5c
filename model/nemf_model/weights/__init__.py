"""Checkpoints: reading weights from files that are not trusted."""
