"""Neural Matching Fields: model, training, plain inference and export.

Packages (`config` and `geometry` are shared by all):
  architecture: the encoder and the matching field, under the names of published checkpoints.
  matching: matching with an encoded pair, written plainly; the oracle of the C++ engine.
  weights: reads checkpoints, the project's and the reference implementation's.
  export: writes and reads bundles, the files that the server loads.
  data: training data.
  training: trains, validates and measures models.

Names: modules that mirror reference checkpoints keep the paper's words, *target* (the image whose
points are asked about) and *source* (the image searched). Everything at the border (bundles,
matching, command lines) says *query* and *reference* for the same two.
"""

__version__ = "0.1.0"
