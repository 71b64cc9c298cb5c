#ifndef NEMF_SERVER_ENGINE_MATCHING_DEPENDENCY_CONE_H_
#define NEMF_SERVER_ENGINE_MATCHING_DEPENDENCY_CONE_H_

#include <cstdlib>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "server/engine/image.h"
#include "server/engine/math/cone_view.h"

namespace nemf {

// The query pixels that a PatchMatch run works on: all of them, or those that some depend on.
//
// After N iterations a pixel's value depends on pixels within L1 distance N only. So a run that is
// read at a few pixels, the support, needs new values in iteration i = 0 .. N-1 within distance
// N - 1 - i of the support. Each pixel of the cone has a site. Sites are sorted by that distance,
// so the pixels to update in an iteration are the first sites.
class DependencyCone {
 public:
  // Every pixel, in every iteration; site = y * width + x. Complete at once.
  static DependencyCone All(ImageSize size, int iterations);
  // The cone of `support` (pixels y * width + x, in any order, repeats allowed), complete.
  static DependencyCone Cone(ImageSize size, absl::Span<const int> support, int iterations);

  // The cone of `support`, to be grown. Takes time and memory in proportion to the support.
  DependencyCone(ImageSize size, absl::Span<const int> support, int iterations);

  // Whether the cone has all its sites. The members after Grow() require it.
  bool complete() const { return static_cast<int>(counts_.size()) == iterations_ + 1; }
  // Finds the neighbours of at most `max_sites` further sites. Returns the number of these sites.
  int Grow(int max_sites);

  // Sites that take part at all, including those that are only read.
  int size() const { return counts_.front(); }
  // The sites [0, Updated(i)) get new values in iteration i.
  int Updated(int iteration) const { return counts_[iteration + 1]; }
  // The pixels of the support have the sites [0, SupportSize()), or all sites for All().
  int SupportSize() const { return counts_.back(); }
  // The site of a pixel of the support.
  int SupportSite(int pixel) const;
  // Valid while the cone lives.
  ConeView view() const;

 private:
  struct Free {
    void operator()(int* memory) const { std::free(memory); }
  };

  DependencyCone(ImageSize size, int iterations) : image_(size), iterations_(iterations) {}
  void Expand(int site);
  void CloseRings();

  ImageSize image_;
  int iterations_;
  bool all_ = false;
  std::vector<int> pixels_;      // by site
  std::vector<int> neighbours_;  // [sites][4]
  // By number of the ring while the cone grows: sites within that distance of the support. By
  // iteration once it is complete: [i] is the number within distance N - i, i = 0 .. N.
  std::vector<int> counts_;
  int expanded_ = 0;                      // sites whose neighbours are known
  std::unique_ptr<int[], Free> site_of_;  // while the cone grows: by pixel, the site + 1, or 0
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_DEPENDENCY_CONE_H_
