"""Training data: photographs under random warps, classes of photographs, annotated pairs."""
