#ifndef NEMF_SERVER_ENGINE_MATCHING_WORK_BOUND_H_
#define NEMF_SERVER_ENGINE_MATCHING_WORK_BOUND_H_

#include <cstddef>
#include <cstdint>

#include "server/engine/image.h"
#include "server/engine/match_options.h"

namespace nemf {

// An upper bound of the field queries of a task over `num_keypoints` keypoints of a query image, or
// over all of its pixels for 0. It takes the keypoints' light cones as if none overlapped, so many
// keypoints may need much less.
std::int64_t BoundQueries(ImageSize query, std::size_t num_keypoints, const MatchOptions& options);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_WORK_BOUND_H_
