#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_REQUEST_LIMITS_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_REQUEST_LIMITS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "server/service/images/image_source.h"

namespace nemf {

// Bounds of one request. More is INVALID_ARGUMENT, before memory is allocated for it. A stream at
// its limit is not read until a pair is answered.
struct RequestLimits : ImageLimits {
  int max_keypoints = 10'000;             // >= 1
  int max_patchmatch_iterations = 1'000;  // >= 0
  int max_optimize_steps = 1'000;         // >= 0
  // Pairs of one stream that were read and whose answer was not yet taken, >= 1.
  int max_stream_pairs = 16;

  int max_field_nodes = 65'536;  // of a SampleField grid, 4 to 100,000: the answer fits one MiB
  // Previews of one stream that wait to be written, >= 1; beyond it newer ones replace older ones.
  std::int64_t max_preview_bytes = 64 << 20;

  // INVALID_ARGUMENT that names the first broken rule.
  absl::Status Validate() const;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_REQUEST_LIMITS_H_
