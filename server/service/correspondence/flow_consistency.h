#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_FLOW_CONSISTENCY_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_FLOW_CONSISTENCY_H_

#include <vector>

#include "server/engine/engine.h"
#include "server/engine/image.h"

namespace nemf {

// A dense answer from the reference back to the query.
struct BackwardFlow {
  // Query pixels, row-major over the reference's pixels: reference.width * reference.height.
  std::vector<Match> matches;
  ImageSize reference;  // each side >= 1
};

// Returns the forward-backward distance |F(x) + B(x + F(x))| of a query pixel x, in query pixels.
// `match` is x + F(x), in reference pixels. B, the displacement of `backward`, is interpolated
// bilinearly between the reference's pixels. Infinity if the match is not inside the reference,
// [0, W-1] x [0, H-1].
float ForwardBackwardDistance(Point pixel, Point match, const BackwardFlow& backward);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_FLOW_CONSISTENCY_H_
