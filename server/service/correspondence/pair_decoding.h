#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_PAIR_DECODING_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_PAIR_DECODING_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nemf/v1/correspondence.pb.h"
#include "server/base/thread_pool.h"
#include "server/engine/image.h"
#include "server/scheduling/job.h"
#include "server/service/correspondence/request_limits.h"

namespace nemf {

struct DecodedPair {
  ImagePair pair;
  PairDigest digest;    // of the images as they were sent
  PairDigest reversed;  // of the same two, the reference as the query
};

// Decodes both images of a request on the pool, each by whichever thread is free first, and then
// calls `done` with them, or with the query's error, or else the reference's. Where `check` has an
// error when an image's turn comes, that is the image's. Returns false, and does nothing, where the
// pool takes no more. The images outlive the call of `done`.
bool TryDecodePair(ThreadPool* pool, const v1::Image& query, const v1::Image& reference,
                   const RequestLimits& limits, std::function<absl::Status()> check,
                   std::function<void(absl::StatusOr<DecodedPair>)> done);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_PAIR_DECODING_H_
