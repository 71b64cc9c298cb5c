#include "server/telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace nemf {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsTest, CountsRequestsByMethodAndCode) {
  Metrics metrics("0.1.0");
  metrics.RecordRequest("ComputeFlow", absl::StatusCode::kOk, absl::Milliseconds(20));
  metrics.RecordRequest("ComputeFlow", absl::StatusCode::kOk, absl::Milliseconds(40));
  metrics.RecordRequest("ComputeFlow", absl::StatusCode::kNotFound, absl::Milliseconds(1));
  const std::string text = metrics.Serialize();
  EXPECT_THAT(text, HasSubstr("nemf_requests_total{code=\"OK\",method=\"ComputeFlow\"} 2\n"));
  EXPECT_THAT(text,
              HasSubstr("nemf_requests_total{code=\"NOT_FOUND\",method=\"ComputeFlow\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("nemf_request_duration_seconds_count{method=\"ComputeFlow\"} 3\n"));
}

TEST(MetricsTest, HasTheLastFiguresOfADevicesMemory) {
  Metrics metrics("0.1.0");
  EXPECT_THAT(metrics.Serialize(), Not(HasSubstr("nemf_device_memory_bytes{")));
  metrics.SetDeviceMemory("cuda:1", 500, 1000);
  metrics.SetDeviceMemory("cuda:1", 600, 1000);
  const std::string text = metrics.Serialize();
  EXPECT_THAT(text, HasSubstr("nemf_device_memory_bytes{device=\"cuda:1\",kind=\"used\"} 600\n"));
  EXPECT_THAT(text, HasSubstr("nemf_device_memory_bytes{device=\"cuda:1\",kind=\"total\"} 1000\n"));
}

TEST(MetricsTest, RecordsTheEventsOfSchedulers) {
  Metrics metrics("0.1.0");
  metrics.OnEncoderBatch(3, absl::Seconds(2));
  metrics.OnStep(1000, absl::Milliseconds(10));
  metrics.OnStep(24, absl::Milliseconds(10));
  metrics.OnQueueWait(absl::Seconds(1));
  metrics.OnJobDropped(DropReason::kExpiredQueued);
  metrics.OnQueuedJobs(+1);
  metrics.OnActiveJobs(JobKind::kFlow, +1);
  metrics.OnActiveJobs(JobKind::kFlow, +1);
  metrics.OnActiveJobs(JobKind::kFlow, -1);
  metrics.OnJobDropped(DropReason::kDeadlineUnreachable);
  metrics.OnQueuedWork(2.5);
  metrics.OnQueuedWork(-1);
  metrics.OnWastedQueries(77);
  metrics.OnPairCache({.hits = 3, .misses = 2, .evictions = 1, .bytes = 500});
  metrics.OnPairCache({.bytes = -100});
  const std::string text = metrics.Serialize();
  for (const char* line : {
           "nemf_encoder_batch_pairs_sum 3\n",
           "nemf_stage_duration_seconds_sum{stage=\"encode\"} 2\n",
           "nemf_stage_duration_seconds_count{stage=\"match\"} 2\n",
           "nemf_step_queries_count 2\n",
           "nemf_field_queries_total 1024\n",
           "nemf_queue_wait_seconds_count 1\n",
           "nemf_jobs_dropped_total{reason=\"expired_queued\"} 1\n",
           "nemf_jobs_dropped_total{reason=\"cancelled\"} 0\n",
           "nemf_jobs_queued 1\n",
           "nemf_jobs_dropped_total{reason=\"deadline_unreachable\"} 1\n",
           "nemf_jobs_dropped_total{reason=\"client_limit\"} 0\n",
           "nemf_queued_work_seconds 1.5\n",
           "nemf_wasted_queries_total 77\n",
           "nemf_pair_cache_hits_total 3\n",
           "nemf_pair_cache_misses_total 2\n",
           "nemf_pair_cache_evictions_total 1\n",
           "nemf_pair_cache_bytes 400\n",
           "nemf_jobs_active{kind=\"flow\"} 1\n",
           "nemf_jobs_active{kind=\"keypoints\"} 0\n",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(MetricsTest, CountsDroppedLogLines) {
  Metrics metrics("0.1.0");
  EXPECT_THAT(metrics.Serialize(), HasSubstr("nemf_log_lines_dropped_total 0\n"));
  metrics.RecordDroppedLogLines(3);
  metrics.RecordDroppedLogLines(0);
  metrics.RecordDroppedLogLines(4);
  EXPECT_THAT(metrics.Serialize(), HasSubstr("nemf_log_lines_dropped_total 7\n"));
}

TEST(MetricsTest, DescribesModelsStagesAndTheBuild) {
  Metrics metrics("0.1.0");
  metrics.AddModel("small", "3", "cpu");
  metrics.RecordStage("decode", absl::Milliseconds(500));
  const std::string text = metrics.Serialize();
  EXPECT_THAT(text, HasSubstr("nemf_model_info{device=\"cpu\",name=\"small\",version=\"3\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("nemf_stage_duration_seconds_sum{stage=\"decode\"} 0.5\n"));
  EXPECT_THAT(text, HasSubstr("version=\"0.1.0\"} 1\n"));
}

TEST(MetricsTest, FollowsTheModelsThatAreServed) {
  Metrics metrics("0.1.0");
  EXPECT_THAT(metrics.Serialize(), HasSubstr("nemf_model_loads_total{result=\"refused\"} 0\n"));
  metrics.RecordModelLoad("ok");
  metrics.RecordModelLoad("failed");
  metrics.AddModel("small", "3", "cpu");
  metrics.AddModel("small", "4", "cpu");
  metrics.RemoveModel("small", "3", "cpu");
  const std::string text = metrics.Serialize();
  EXPECT_THAT(text, HasSubstr("nemf_model_loads_total{result=\"failed\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("nemf_model_info{device=\"cpu\",name=\"small\",version=\"4\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("version=\"3\"")));
}

TEST(MetricsTest, TwoServersInOneProcessCountApart) {
  Metrics one("1");
  Metrics two("2");
  one.OnStep(5, absl::Seconds(1));
  EXPECT_THAT(one.Serialize(), HasSubstr("nemf_field_queries_total 5\n"));
  EXPECT_THAT(two.Serialize(), HasSubstr("nemf_field_queries_total 0\n"));
}

}  // namespace
}  // namespace nemf
