#ifndef NEMF_TESTS_TESTING_FAKE_JOB_H_
#define NEMF_TESTS_TESTING_FAKE_JOB_H_

#include "absl/strings/string_view.h"
#include "server/scheduling/job.h"
#include "tests/testing/fake_engine.h"

namespace nemf {

// Equal for equal pairs of FakePair().
inline PairDigest FakeDigest(const ImagePair& pair) {
  const auto& rgb = pair.query->rgb;
  return Sha256({absl::string_view(reinterpret_cast<const char*>(rgb.data()), rgb.size())});
}

// Makes `work` the job's.
inline void SetFakeWork(Job* job, const FakeWork& work) {
  job->pair = FakePair(work);
  job->digest = FakeDigest(job->pair);
}

}  // namespace nemf

#endif  // NEMF_TESTS_TESTING_FAKE_JOB_H_
