"""All that a training draws its pairs from."""

from __future__ import annotations

import logging

import torch

from nemf_model.config import ModelConfig
from nemf_model.data import images
from nemf_model.data.keypoint_pairs import AnnotatedPair, read_pf_pascal, read_spair
from nemf_model.data.keypoint_sampler import KeypointBatch, KeypointSampler
from nemf_model.data.object_views import ObjectBatch, ObjectViews
from nemf_model.data.pairs import PairBatch, PairSampler
from nemf_model.data.warps import WarpStrength
from nemf_model.training.settings import DataSettings, StageSettings

Batch = PairBatch | KeypointBatch | ObjectBatch


class TrainingData:
    """Photographs, classes and annotated pairs, all drawn with one generator.

    pairs: warped photographs and pairs of one class; made of the annotated photographs if the
      settings name no others. keypoints: annotated pairs, or None.
    """

    def __init__(
        self, settings: DataSettings, model: ModelConfig, held_out: bool, seed: int
    ) -> None:
        """Reads everything into memory, 3 * stored_size^2 bytes a photograph.

        Args:
          held_out: take what training leaves out: every HELD_OUT_EVERY-th photograph, and the
            validation split of annotated pairs.
        """
        self.generator = torch.Generator().manual_seed(seed)
        annotated = _annotated(settings, "val" if held_out else "trn")
        self.keypoints = KeypointSampler(annotated, model, self.generator) if annotated else None
        photographs = classes = None
        side = settings.stored_size or model.image_size
        cut_out = settings.pasted > 0
        if settings.photographs:
            photographs = images.photographs(settings.photographs, side, held_out, cut_out)
        if settings.classes:
            classes = images.classes(
                settings.classes,
                side,
                held_out,
                cut_out=cut_out,
                apart=settings.held_out_classes,
            )
        if photographs is None and classes is None:
            if self.keypoints is None:
                raise ValueError("no data: name photographs, classes or annotated pairs")
            photographs = self.keypoints.images
        strength = WarpStrength(objects_apart=settings.objects_apart)
        self.pairs = PairSampler(
            photographs, classes, model, self.generator, strength, settings.pasted
        )
        self.objects = ObjectViews(self.pairs)

    def draw(self, settings: StageSettings, step: int = 0) -> list[Batch]:
        """The batch of each kind that the settings ask for and that there is."""
        side = settings.side_at(step)
        batches: list[Batch] = []
        if self.objects.has_views and settings.object_views > 0:
            batches.append(self.objects.draw(settings.object_views, side))
        if settings.warped_pairs > 0:
            batches.append(self.pairs.warped(settings.warped_pairs, side, settings.randomised))
        if self.pairs.has_pairs and settings.class_pairs > 0:
            batches.append(
                self.pairs.same_class(
                    settings.class_pairs,
                    side,
                    settings.randomised,
                    motion=settings.class_motion,
                    tolerance=settings.class_tolerance,
                )
            )
        if self.keypoints and settings.keypoint_pairs > 0:
            batches.append(self.keypoints.draw(settings.keypoint_pairs, side))
        if not batches:
            raise ValueError("the settings leave nothing to train on")
        return batches

    def counts(self) -> dict[str, int]:
        """How many photographs, photographs with a class, classes and annotated pairs there are."""
        pairs = self.pairs
        return {
            "photographs": len(pairs.photographs) if pairs.photographs else 0,
            "class_photographs": len(pairs.classes) if pairs.classes else 0,
            "classes": len(pairs.members),
            "keypoint_pairs": len(self.keypoints) if self.keypoints else 0,
        }


def _annotated(settings: DataSettings, split: str) -> list[AnnotatedPair]:
    pairs = []
    for root, read in ((settings.spair, read_spair), (settings.pf_pascal, read_pf_pascal)):
        if root:
            pairs += read(root, split)
            logging.info("%s: %s split", root, split)
    return pairs
