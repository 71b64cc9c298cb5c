#ifndef NEMF_SERVER_SERVICE_CORRESPONDENCE_PAIR_DECODING_H_
#define NEMF_SERVER_SERVICE_CORRESPONDENCE_PAIR_DECODING_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/thread_pool.h"
#include "server/engine/image.h"
#include "server/scheduling/job.h"
#include "server/service/images/image_decoder.h"

namespace nemf {

struct DecodedPair {
  ImagePair pair;
  PairDigest digest;    // of the images as they were sent
  PairDigest reversed;  // of the same two, the reference as the query
};

// Decodes both images of a request on the pool, each on the first thread that is free, and then
// calls `done` with them, or with the query's error, or otherwise the reference's. `check` is
// called before each image; if it returns an error, the image is not decoded and the error is its
// own. The bytes of the images outlive the call of `done`.
void DecodePair(ThreadPool* pool, CheckedImage query, CheckedImage reference,
                std::function<absl::Status()> check,
                std::function<void(absl::StatusOr<DecodedPair>)> done);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_CORRESPONDENCE_PAIR_DECODING_H_
