"""Training data: photographs under known random warps, and folders of roughly aligned classes."""
