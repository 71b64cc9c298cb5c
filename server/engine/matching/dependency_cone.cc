#include "server/engine/matching/dependency_cone.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"

namespace nemf {

namespace {

using SlotMap = absl::flat_hash_map<int, int>;

// Appends the neighbours of the pixels from index `begin` on that have no slot yet, in order.
void AppendNextRing(ImageSize size, int begin, std::vector<int>* pixels, SlotMap* slots) {
  std::vector<int> ring;
  for (int i = begin; i < static_cast<int>(pixels->size()); ++i) {
    int neighbours[4];
    NeighbourPixels(size.width, size.height, (*pixels)[i], neighbours);
    for (int pixel : neighbours) {
      if (slots->try_emplace(pixel, 0).second) ring.push_back(pixel);
    }
  }
  std::sort(ring.begin(), ring.end());
  for (int pixel : ring) {
    (*slots)[pixel] = static_cast<int>(pixels->size());
    pixels->push_back(pixel);
  }
}

// The neighbours' slots, [slots][4], of the pixels that are ever updated.
std::vector<int> FindNeighbours(ImageSize size, absl::Span<const int> updated,
                                const SlotMap& slots) {
  std::vector<int> out(4 * updated.size());
  for (std::size_t slot = 0; slot < updated.size(); ++slot) {
    int* neighbours = &out[4 * slot];
    NeighbourPixels(size.width, size.height, updated[slot], neighbours);
    for (int i = 0; i < 4; ++i) neighbours[i] = slots.at(neighbours[i]);
  }
  return out;
}

}  // namespace

DependencyCone DependencyCone::All(ImageSize size, int iterations) {
  DependencyCone set;
  set.image_ = size;
  set.all_ = true;
  set.counts_.assign(iterations + 1, size.width * size.height);
  return set;
}

DependencyCone DependencyCone::Cone(ImageSize size, absl::Span<const int> support, int iterations) {
  DependencyCone set;
  set.image_ = size;
  set.pixels_.assign(support.begin(), support.end());
  std::sort(set.pixels_.begin(), set.pixels_.end());
  set.pixels_.erase(std::unique(set.pixels_.begin(), set.pixels_.end()), set.pixels_.end());
  SlotMap slots;
  for (int pixel : set.pixels_) slots[pixel] = static_cast<int>(slots.size());
  set.counts_ = {static_cast<int>(set.pixels_.size())};
  int begin = 0;
  for (int distance = 1; distance <= iterations; ++distance) {
    const int end = static_cast<int>(set.pixels_.size());
    AppendNextRing(size, begin, &set.pixels_, &slots);
    set.counts_.push_back(static_cast<int>(set.pixels_.size()));
    begin = end;
  }
  std::reverse(set.counts_.begin(), set.counts_.end());
  if (iterations > 0) {
    const auto updated = absl::MakeConstSpan(set.pixels_).first(set.Updated(0));
    set.neighbours_ = FindNeighbours(size, updated, slots);
  }
  return set;
}

int DependencyCone::SupportSlot(int pixel) const {
  if (all_) return pixel;
  const auto end = pixels_.begin() + counts_.back();
  return static_cast<int>(std::lower_bound(pixels_.begin(), end, pixel) - pixels_.begin());
}

ConeView DependencyCone::view() const {
  return {image_.width, image_.height, all_ ? nullptr : pixels_.data(),
          all_ ? nullptr : neighbours_.data()};
}

}  // namespace nemf
