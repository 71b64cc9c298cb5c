"""What a preset's answers cost, how good they are, and how far they are from REFERENCE's."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

ALPHAS = (0.05, 0.1)  # of PCK's side


@dataclass
class Scores:
    """Lists with one entry a pair, in the order in which pairs were added.

    errors: end-point errors of the points whose truth is known, pixels. sides: PCK's. moved:
    distances from REFERENCE's answers, pixels. queries, points, seconds (of matching).
    """

    errors: list[np.ndarray] = field(default_factory=list)
    sides: list[float] = field(default_factory=list)
    moved: list[np.ndarray] = field(default_factory=list)
    queries: list[int] = field(default_factory=list)
    points: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def pck(self, alpha: float) -> float:
        """Mean over the pairs of the share within alpha of the side."""
        shares = [(e <= alpha * s).mean() for e, s in zip(self.errors, self.sides, strict=True)]
        return float(np.mean(shares))

    def summary(self, reference: Scores) -> dict[str, float]:
        """All figures; `reference` are the scores of REFERENCE on the same pairs.

        Medians are over the points of a pair. Medians and means are averaged over the pairs.
        """
        medians = [float(np.median(e)) for e in self.errors]
        differences = [
            abs(own - float(np.median(e))) for own, e in zip(medians, reference.errors, strict=True)
        ]
        return {
            "pairs": len(self.errors),
            "queries_per_point": sum(self.queries) / sum(self.points),
            "query_ratio_to_reference": sum(self.queries) / sum(reference.queries),
            "match_seconds": float(np.mean(self.seconds)),
            "epe_median_px": float(np.mean(medians)),
            "epe_mean_px": float(np.mean([e.mean() for e in self.errors])),
            **{f"pck_{alpha}": self.pck(alpha) for alpha in ALPHAS},
            "moved_median_px": float(np.mean([np.median(m) for m in self.moved])),
            "moved_median_worst_px": float(max(np.median(m) for m in self.moved)),
            "epe_median_difference_px": float(np.mean(differences)),
            "epe_median_difference_worst_px": max(differences),
            **{
                f"pck_{alpha}_difference_points": 100 * (self.pck(alpha) - reference.pck(alpha))
                for alpha in ALPHAS
            },
        }


HEADER = (
    f"{'':<22}{'queries':>9}{'of REF.':>9}{'seconds':>9}{'EPE med.':>9}{'mean':>8}"
    f"{'PCK.05':>8}{'PCK.1':>8}{'moved':>8}{'worst':>8}{'dEPE':>7}{'dPCK.1':>8}"
)


def row(name: str, figures: dict[str, float]) -> str:
    """A line of the table under HEADER."""
    return (
        f"{name:<22}{figures['queries_per_point']:9.2f}"
        f"{100 * figures['query_ratio_to_reference']:8.1f}%{figures['match_seconds']:9.2f}"
        f"{figures['epe_median_px']:9.2f}{figures['epe_mean_px']:8.2f}"
        f"{100 * figures['pck_0.05']:8.1f}{100 * figures['pck_0.1']:8.1f}"
        f"{figures['moved_median_px']:8.3f}{figures['moved_median_worst_px']:8.3f}"
        f"{figures['epe_median_difference_px']:7.3f}"
        f"{figures['pck_0.1_difference_points']:8.2f}"
    )
