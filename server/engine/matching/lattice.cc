#include "server/engine/matching/lattice.h"

namespace nemf {

namespace {

int AxisNodes(int pixels, int stride) { return (pixels - 1 + stride - 1) / stride + 1; }

}  // namespace

ImageSize LatticeSize(ImageSize query, const MatchOptions& options) {
  if (options.refinement == Refinement::kCoarse) return query;
  return {AxisNodes(query.width, options.lattice_stride),
          AxisNodes(query.height, options.lattice_stride)};
}

LatticeView MakeLattice(ImageSize query, const MatchOptions& options) {
  const ImageSize lattice = LatticeSize(query, options);
  return {lattice.width, lattice.height, query.width, query.height};
}

}  // namespace nemf
