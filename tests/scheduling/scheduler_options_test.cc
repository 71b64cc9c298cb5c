#include "server/scheduling/scheduler_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace nemf {
namespace {

using ::testing::HasSubstr;

void ExpectBroken(const SchedulerOptions& options, const std::string& rule) {
  const absl::Status status = options.Validate();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(rule));
}

TEST(SchedulerOptionsTest, DefaultsAreValid) { EXPECT_TRUE(SchedulerOptions().Validate().ok()); }

TEST(SchedulerOptionsTest, QueuedJobs) {
  SchedulerOptions options;
  options.max_queued_jobs = 0;
  ExpectBroken(options, "SchedulerOptions.max_queued_jobs = 0, must be >= 1");
}

TEST(SchedulerOptionsTest, EncoderBatch) {
  SchedulerOptions options;
  options.max_encoder_batch = -1;
  ExpectBroken(options, "SchedulerOptions.max_encoder_batch = -1, must be >= 1");
}

TEST(SchedulerOptionsTest, ActiveJobs) {
  SchedulerOptions options;
  options.max_active_jobs = 0;
  ExpectBroken(options, "SchedulerOptions.max_active_jobs = 0, must be >= 1");
}

TEST(SchedulerOptionsTest, Quantum) {
  SchedulerOptions options;
  options.quantum = absl::ZeroDuration();
  ExpectBroken(options, "SchedulerOptions.quantum = 0, must be > 0");
}

TEST(SchedulerOptionsTest, MinQuantumQueries) {
  SchedulerOptions options;
  options.min_quantum_queries = 63;
  ExpectBroken(options, "SchedulerOptions.min_quantum_queries = 63, must be >= 64");
}

TEST(SchedulerOptionsTest, QueuedBytes) {
  SchedulerOptions options;
  options.max_queued_bytes = 0;
  ExpectBroken(options, "SchedulerOptions.max_queued_bytes = 0, must be >= 1");
}

TEST(SchedulerOptionsTest, QueuedSeconds) {
  SchedulerOptions options;
  options.max_queued_seconds = 0;
  ExpectBroken(options, "SchedulerOptions.max_queued_seconds = 0, must be > 0");
}

TEST(SchedulerOptionsTest, QueuedPerClient) {
  SchedulerOptions options;
  options.max_queued_per_client = -1;
  ExpectBroken(options, "SchedulerOptions.max_queued_per_client = -1, must be >= 0");
}

TEST(SchedulerOptionsTest, PairCacheBytes) {
  SchedulerOptions options;
  options.pair_cache_bytes = -1;
  ExpectBroken(options, "SchedulerOptions.pair_cache_bytes = -1, must be >= 0");
}

}  // namespace
}  // namespace nemf
