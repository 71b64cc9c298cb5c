"""The server's named schedules (server/engine/presets.h)."""

from nemf_model.matching.types import MatchOptions

REFERENCE = MatchOptions()
BALANCED = MatchOptions(
    lattice_stride=4,
    patchmatch_iterations=9,
    search_candidates=3,
    search_decay=0.62,
    optimize_steps=8,
    learning_rate=7.5e-4,
    upsample_candidates=2,
)
FAST = MatchOptions(
    lattice_stride=7,
    patchmatch_iterations=6,
    search_candidates=2,
    search_decay=0.5,
    optimize_steps=5,
    learning_rate=1.2e-3,
    upsample_candidates=2,
)

PRESETS = {"reference": REFERENCE, "balanced": BALANCED, "fast": FAST}
