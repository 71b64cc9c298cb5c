#ifndef NEMF_TESTS_TESTING_FAKE_JOB_H_
#define NEMF_TESTS_TESTING_FAKE_JOB_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/scheduling/scheduler.h"
#include "tests/testing/fake_engine.h"

namespace nemf {

// Equal for equal pairs of FakePair().
inline PairDigest FakeDigest(const ImagePair& pair) {
  const auto& rgb = pair.query->rgb;
  return Sha256({absl::string_view(reinterpret_cast<const char*>(rgb.data()), rgb.size())});
}

inline JobSpec FakeSpec(JobKind kind, std::uint64_t seed) {
  MatchOptions options;
  options.seed = seed;
  switch (kind) {
    case JobKind::kKeypoints:
      return KeypointsSpec{.keypoints = {{0, 0}}, .options = options};
    case JobKind::kFlow:
      return FlowSpec{.options = options, .snapshots = {}};
    case JobKind::kField:
      return FieldSpec{.point = {0, 0}, .nodes = {2, 2}};
  }
  return {};
}

// The request for a job over FakePair(work).
inline JobRequest FakeRequest(const FakeWork& work, JobKind kind = JobKind::kKeypoints,
                              std::uint64_t seed = 0) {
  const ImagePair pair = FakePair(work);
  JobRequest request;
  request.spec = FakeSpec(kind, seed);
  request.query = pair.query->size;
  request.reference = pair.reference->size;
  return request;
}

// Reserves a job over FakePair(work).
inline absl::StatusOr<JobTicket> ReserveFake(Scheduler& scheduler, JobRequest request,
                                             const FakeWork& work) {
  return scheduler.Reserve(std::move(request), [&work] { return FakeDigest(FakePair(work)); });
}

inline std::shared_ptr<JobHandle> SubmitFake(Scheduler& scheduler, JobTicket ticket,
                                             const FakeWork& work, std::shared_ptr<JobSink> sink) {
  const ImagePair pair = FakePair(work);
  return scheduler.Submit(std::move(ticket), pair, FakeDigest(pair), std::move(sink));
}

// Reserves and submits a job over FakePair(work).
inline absl::StatusOr<std::shared_ptr<JobHandle>> RunFake(Scheduler& scheduler, JobRequest request,
                                                          const FakeWork& work,
                                                          std::shared_ptr<JobSink> sink) {
  absl::StatusOr<JobTicket> ticket = ReserveFake(scheduler, std::move(request), work);
  if (!ticket.ok()) return ticket.status();
  return SubmitFake(scheduler, *std::move(ticket), work, std::move(sink));
}
inline absl::StatusOr<std::shared_ptr<JobHandle>> RunFake(Scheduler& scheduler,
                                                          const FakeWork& work,
                                                          std::shared_ptr<JobSink> sink) {
  return RunFake(scheduler, FakeRequest(work), work, std::move(sink));
}

}  // namespace nemf

#endif  // NEMF_TESTS_TESTING_FAKE_JOB_H_
