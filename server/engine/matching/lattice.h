#ifndef NEMF_SERVER_ENGINE_MATCHING_LATTICE_H_
#define NEMF_SERVER_ENGINE_MATCHING_LATTICE_H_

#include "server/engine/image.h"
#include "server/engine/match_options.h"
#include "server/engine/math/lattice.h"

namespace nemf {

// Nodes of the lattice that PatchMatch works on, by axis: the least number that leaves no two
// neighbours more than options.lattice_stride pixels apart. The query's size where the stride is 1
// or no PatchMatch is asked for.
ImageSize LatticeSize(ImageSize query, const MatchOptions& options);

LatticeView MakeLattice(ImageSize query, const MatchOptions& options);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_LATTICE_H_
