#ifndef NEMF_TESTS_TESTING_FAKE_ENGINE_H_
#define NEMF_TESTS_TESTING_FAKE_ENGINE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/engine/engine.h"
#include "tests/testing/fake_clock.h"

namespace nemf {

// What a fake engine makes of a pair. It travels in the pixels of the query.
struct FakeWork {
  std::uint32_t id = 0;
  std::int64_t queries = 0;  // field queries of a task over the pair
  bool encode_fails = false;
  bool step_fails = false;
  bool is_fatal = false;  // its failures lose the device
};

// A pair that stands for `work`; equal works make equal pixels.
ImagePair FakePair(const FakeWork& work);

// The score of the only match of a task over FakePair(work) with this seed.
float FakeScore(const FakeWork& work, std::uint64_t seed);

// An engine whose tasks spend the numbers of queries that their pairs ask for, in pieces of
// kPiece, each of which takes part in the result and counts as an iteration for snapshots (which
// are empty). Keeps the contract of Engine (tasks in order) and records the calls; one Encode() may
// run beside one Step().
class FakeEngine final : public Engine {
 public:
  static constexpr std::int64_t kPiece = 64;

  struct EncodeCall {
    std::vector<std::uint32_t> ids;
  };
  struct StepCall {
    std::vector<std::uint32_t> ids;   // of the tasks, in order
    std::vector<std::int64_t> spent;  // by each of them
  };

  // The time that work takes is added to `clock`, which may be null and outlives the engine.
  explicit FakeEngine(FakeClock* clock = nullptr) : clock_(clock) {}
  ~FakeEngine() override;

  absl::Duration pair_time = absl::Milliseconds(100);
  absl::Duration query_time = absl::Microseconds(10);
  // Called at the start of each Encode() and Step().
  std::function<void()> on_call = [] {};
  // Called at the start of each Encode(), after on_call.
  std::function<void()> on_encode = [] {};
  EncodeOverlap overlap = EncodeOverlap::kNever;
  int batch = 1000;
  std::size_t pair_bytes = 1000;  // EncodedPair::bytes()

  // To be read when no call is running.
  const std::vector<EncodeCall>& encode_calls() const { return encode_calls_; }
  const std::vector<StepCall>& step_calls() const { return step_calls_; }
  // Encoded pairs and tasks that somebody still holds.
  static int live_objects();

  const std::string& device() const override { return device_; }
  EncodeOverlap encode_overlap() const override { return overlap; }
  int encoder_batch() const override { return batch; }
  std::int64_t BoundQueries(ImageSize query, absl::Span<const Point> keypoints,
                            const MatchOptions& options, int snapshots) const override;
  absl::StatusOr<std::vector<std::shared_ptr<const EncodedPair>>> Encode(
      absl::Span<const ImagePair> pairs) override;
  std::unique_ptr<MatchTask> Start(std::shared_ptr<const EncodedPair> pair,
                                   std::vector<Point> keypoints,
                                   const MatchOptions& options) override;
  std::unique_ptr<MatchTask> StartField(std::shared_ptr<const EncodedPair> pair, Point query,
                                        ImageSize nodes) override;
  absl::StatusOr<std::int64_t> Step(absl::Span<MatchTask* const> tasks,
                                    std::int64_t max_queries) override;

 private:
  void Spend(absl::Duration duration);

  const std::string device_ = "cpu";
  FakeClock* const clock_;
  std::vector<EncodeCall> encode_calls_;
  std::vector<StepCall> step_calls_;
};

}  // namespace nemf

#endif  // NEMF_TESTS_TESTING_FAKE_ENGINE_H_
