#ifndef NEMF_SERVER_ENGINE_MATCHING_WORK_BOUND_H_
#define NEMF_SERVER_ENGINE_MATCHING_WORK_BOUND_H_

#include <cstddef>
#include <cstdint>

#include "server/engine/image.h"
#include "server/engine/match_options.h"

namespace nemf {

// Prices of the work that needs no field evaluations, each in field evaluations of the device.
struct ElementPrices {
  double cone_site;  // a site of a dependency cone, found on the host
  double table_row;  // a row of a point table, computed on the host
  double value;      // a site's first value, or a point of a preview
};

// Returns the price of `count` elements, in whole field evaluations.
std::int64_t PriceOf(std::int64_t count, double price);

// Returns an upper bound of the work of a task over `num_keypoints` keypoints of a query image, or
// over all of its pixels for 0, which makes `previews` previews. Unit: field evaluations. The cones
// of keypoints are counted as if none overlapped, so a large number of keypoints may need much
// less.
std::int64_t BoundQueries(ImageSize query, std::size_t num_keypoints, const MatchOptions& options,
                          int previews, const ElementPrices& prices);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_WORK_BOUND_H_
