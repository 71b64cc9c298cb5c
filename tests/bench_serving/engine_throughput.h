#ifndef NEMF_TESTS_BENCH_SERVING_ENGINE_THROUGHPUT_H_
#define NEMF_TESTS_BENCH_SERVING_ENGINE_THROUGHPUT_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "client/load/photographs.h"
#include "client/load/traffic.h"
#include "server/engine/engine.h"

namespace nemf {

struct EngineThroughput {
  int pairs = 0;
  double seconds = 0;
  double encode_seconds = 0;
  double match_seconds = 0;
};

// Answers keypoint requests by calling the engine, as a program would that has it linked in:
// decoded pictures, no queue, no network. Pairs and keypoints are those that `nemf bench` draws
// with the same traffic options from the same photographs.
class EngineCaller {
 public:
  // The engine outlives this. INVALID_ARGUMENT where a photograph cannot be decoded.
  static absl::StatusOr<EngineCaller> Create(Engine* engine,
                                             const std::vector<load::Photograph>& photographs,
                                             const load::TrafficOptions& traffic,
                                             const MatchOptions& options);

  // Works for about `seconds`, `group` requests at a time: one encoder call, then their points step
  // together. Goes on in the traffic where the last call ended.
  absl::StatusOr<EngineThroughput> Run(int group, double seconds);

  const std::vector<std::shared_ptr<const Image>>& images() const { return images_; }

 private:
  EngineCaller(Engine* engine, const std::vector<load::Photograph>& photographs,
               const load::TrafficOptions& traffic, const MatchOptions& options)
      : engine_(engine), photographs_(photographs), traffic_(traffic), options_(options) {}

  absl::Status RunGroup(int group, EngineThroughput* sum);

  Engine* engine_;
  std::vector<load::Photograph> photographs_;
  std::vector<std::shared_ptr<const Image>> images_;  // of the photographs
  load::TrafficOptions traffic_;
  MatchOptions options_;
  std::uint64_t next_ = 0;
};

}  // namespace nemf

#endif  // NEMF_TESTS_BENCH_SERVING_ENGINE_THROUGHPUT_H_
