"""Matching with an encoded pair, written plainly: the oracle of the C++ engine."""
