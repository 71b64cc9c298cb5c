#ifndef NEMF_TESTS_BENCH_SERVING_CANCEL_STEPS_H_
#define NEMF_TESTS_BENCH_SERVING_CANCEL_STEPS_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "server/engine/engine.h"

namespace nemf {

struct CancelSteps {
  int trials = 0;
  int max_steps = 0;  // that ended between the cancellation and the answer
  double mean_steps = 0;
  double max_seconds = 0;    // from the cancellation to the answer
  double chunk_seconds = 0;  // mean time of a step
};

// Cancels dense flows over `pair` in a real scheduler over a real engine, each at a random moment
// of a random step, while another flow keeps the steps coming, and counts the steps until the
// cancelled flow has its answer. The engine outlives the call and is used by nobody else.
absl::StatusOr<CancelSteps> MeasureCancelSteps(Engine* engine, ImagePair pair, int trials,
                                               std::uint64_t seed);

}  // namespace nemf

#endif  // NEMF_TESTS_BENCH_SERVING_CANCEL_STEPS_H_
