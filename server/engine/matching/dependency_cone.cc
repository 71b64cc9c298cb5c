#include "server/engine/matching/dependency_cone.h"

#include <algorithm>
#include <limits>
#include <new>

namespace nemf {

DependencyCone DependencyCone::All(ImageSize size, int iterations) {
  DependencyCone cone(size, iterations);
  cone.all_ = true;
  cone.counts_.assign(iterations + 1, size.width * size.height);
  return cone;
}

DependencyCone DependencyCone::Cone(ImageSize size, absl::Span<const int> support, int iterations) {
  DependencyCone cone(size, support, iterations);
  cone.Grow(std::numeric_limits<int>::max());
  return cone;
}

DependencyCone::DependencyCone(ImageSize size, absl::Span<const int> support, int iterations)
    : DependencyCone(size, iterations) {
  pixels_.assign(support.begin(), support.end());
  std::sort(pixels_.begin(), pixels_.end());
  pixels_.erase(std::unique(pixels_.begin(), pixels_.end()), pixels_.end());
  counts_ = {static_cast<int>(pixels_.size())};
  if (complete()) return;
  // Large blocks take memory only where they are touched, so room for the largest cone is cheap,
  // and no later growth copies them.
  const auto pixels = static_cast<std::size_t>(size.width) * size.height;
  site_of_.reset(static_cast<int*>(std::calloc(pixels, sizeof(int))));
  if (site_of_ == nullptr) throw std::bad_alloc();
  const std::size_t ball = std::size_t{2} * iterations * (iterations + 1) + 1;
  pixels_.reserve(std::min(pixels, pixels_.size() * ball));
  neighbours_.reserve(4 * pixels_.capacity());
  for (std::size_t site = 0; site < pixels_.size(); ++site) {
    site_of_[pixels_[site]] = static_cast<int>(site) + 1;
  }
}

int DependencyCone::Grow(int max_sites) {
  const int before = expanded_;
  while (!complete() && expanded_ - before < max_sites) {
    Expand(expanded_++);
    CloseRings();
  }
  return expanded_ - before;
}

// Gives sites to the neighbours that have none, which makes them the next ring, and notes all four.
void DependencyCone::Expand(int site) {
  int neighbours[4];
  NeighbourPixels(image_.width, image_.height, pixels_[site], neighbours);
  for (const int pixel : neighbours) {
    int& place = site_of_[pixel];
    if (place == 0) {
      pixels_.push_back(pixel);
      place = static_cast<int>(pixels_.size());
    }
    neighbours_.push_back(place - 1);
  }
}

// Counts the rings whose inner neighbours are all expanded. Rings outside the image are empty.
void DependencyCone::CloseRings() {
  while (!complete() && expanded_ == counts_.back()) {
    counts_.push_back(static_cast<int>(pixels_.size()));
  }
  if (!complete()) return;
  std::reverse(counts_.begin(), counts_.end());
  site_of_ = nullptr;
}

int DependencyCone::SupportSite(int pixel) const {
  if (all_) return pixel;
  const auto end = pixels_.begin() + counts_.back();
  return static_cast<int>(std::lower_bound(pixels_.begin(), end, pixel) - pixels_.begin());
}

ConeView DependencyCone::view() const {
  return {image_.width, image_.height, all_ ? nullptr : pixels_.data(),
          all_ ? nullptr : neighbours_.data()};
}

}  // namespace nemf
