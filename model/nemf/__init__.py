"""Neural Matching Fields: model, training, plain inference and export.

Names: modules that mirror reference checkpoints keep the paper's words, *target* (the image whose
points are asked about) and *source* (the image searched). Everything at the border (bundles,
matching, command lines) says *query* and *reference* for the same two.
"""

__version__ = "0.1.0"
