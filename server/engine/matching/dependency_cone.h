#ifndef NEMF_SERVER_ENGINE_MATCHING_DEPENDENCY_CONE_H_
#define NEMF_SERVER_ENGINE_MATCHING_DEPENDENCY_CONE_H_

#include <vector>

#include "absl/types/span.h"
#include "server/engine/image.h"
#include "server/engine/math/cone_view.h"

namespace nemf {

// The query pixels that a PatchMatch run works on: all of them, or the light cone of some.
//
// After N iterations a pixel's value depends on pixels within L1 distance N only, so a run that is
// read at a few pixels (the support) needs, in iteration i = 0 .. N-1, new values within distance
// N - 1 - i of the support. Slots are sorted by that distance, so the pixels to update in an
// iteration are the first so many slots.
class DependencyCone {
 public:
  // Every pixel, in every iteration; slot = y * width + x.
  static DependencyCone All(ImageSize size, int iterations);
  // The cone of `support` (pixels y * width + x, in any order, repeats allowed).
  static DependencyCone Cone(ImageSize size, absl::Span<const int> support, int iterations);

  // Slots that take part at all, counting the ones that are only read.
  int size() const { return counts_.front(); }
  // The slots [0, Updated(i)) get new values in iteration i.
  int Updated(int iteration) const { return counts_[iteration + 1]; }
  // The pixels of the support are in the slots [0, SupportSize()); for all pixels, that is all.
  int SupportSize() const { return counts_.back(); }
  // The slot of a pixel of the support.
  int SupportSlot(int pixel) const;
  // Valid while the set lives.
  ConeView view() const;

 private:
  ImageSize image_;
  bool all_ = false;
  std::vector<int> pixels_;
  std::vector<int> neighbours_;
  std::vector<int> counts_;  // [i]: slots within distance N - i of the support, i = 0 .. N
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_DEPENDENCY_CONE_H_
