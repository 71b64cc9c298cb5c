#ifndef NEMF_TESTS_BENCH_WORKER_ENGINE_H_
#define NEMF_TESTS_BENCH_WORKER_ENGINE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/engine/load_model.h"

namespace nemf::bench {

// What a matching run took.
struct Run {
  double seconds = 0;
  std::int64_t queries = 0;
  std::vector<Match> matches;
};

// An engine and the pair that it works on.
class WorkerEngine {
 public:
  static absl::StatusOr<std::unique_ptr<WorkerEngine>> Load(const std::string& directory,
                                                            int threads);

  // Takes the pair whose images' raw RGB lies in two files.
  absl::Status SetPair(ImageSize query, const std::string& query_file, ImageSize reference,
                       const std::string& reference_file);

  // Encodes the pair; returns the seconds.
  absl::StatusOr<double> Encode();

  // Matches the points, or all pixels where there are none. Requires Encode().
  absl::StatusOr<Run> Match(const std::vector<Point>& points, const MatchOptions& options);

 private:
  explicit WorkerEngine(LoadedModel model) : model_(std::move(model)) {}

  LoadedModel model_;
  ImagePair pair_;
  std::shared_ptr<const EncodedPair> encoded_;
};

// The schedule named REFERENCE, BALANCED or FAST.
absl::StatusOr<MatchOptions> ScheduleNamed(const std::string& name);

}  // namespace nemf::bench

#endif  // NEMF_TESTS_BENCH_WORKER_ENGINE_H_
