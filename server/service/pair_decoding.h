#ifndef NEMF_SERVER_SERVICE_PAIR_DECODING_H_
#define NEMF_SERVER_SERVICE_PAIR_DECODING_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "nemf/v1/correspondence.pb.h"
#include "server/engine/image.h"
#include "server/scheduling/pair_digest.h"
#include "server/service/request_limits.h"
#include "server/service/worker_pool.h"

namespace nemf {

struct DecodedPair {
  std::shared_ptr<const ImagePair> pair;
  PairDigest digest;    // of the images as they were sent
  PairDigest reversed;  // of the same two, the reference as the query
};

// Decodes both images of a request and calls `done` with them, or with the query's error, or else
// the reference's. Where a thread of the pool has nothing to do it decodes the reference, while
// this one decodes the query, and `done` is called on the thread that is ready last; else on this
// one. Pool and images outlive the call of `done`.
void DecodePair(WorkerPool* pool, const v1::Image& query, const v1::Image& reference,
                const RequestLimits& limits, std::function<void(absl::StatusOr<DecodedPair>)> done);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_PAIR_DECODING_H_
