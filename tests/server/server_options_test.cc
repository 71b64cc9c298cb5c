#include "server/server_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <vector>

namespace nemf {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<std::optional<ServerOptions>> Parse(std::vector<const char*> flags,
                                                   std::string* printed = nullptr) {
  flags.insert(flags.begin(), "nemf-server");
  std::ostringstream out;
  auto options = ParseServerOptions(static_cast<int>(flags.size()), flags.data(), out);
  if (printed != nullptr) *printed = out.str();
  return options;
}

std::string ErrorOf(std::vector<const char*> flags) {
  const auto options = Parse(std::move(flags));
  EXPECT_TRUE(absl::IsInvalidArgument(options.status()));
  EXPECT_THAT(std::string(options.status().message()), Not(HasSubstr("\n")));
  return std::string(options.status().message());
}

TEST(ServerOptionsTest, DefaultsWork) {
  const auto options = Parse({});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ((*options)->grpc.listen.ToString(), "127.0.0.1:50051");
  EXPECT_EQ((*options)->metrics.port, 9090);
  EXPECT_EQ((*options)->models.directory, "model/bundles");
  EXPECT_TRUE((*options)->grpc.reflection);
}

TEST(ServerOptionsTest, ReadsTheFlagsOfModels) {
  const auto parsed =
      Parse({"--model-poll-seconds", "0.5", "--pin-version", "a=1,b=2", "--pin-version", "c=3",
             "--model-memory-bytes", "2GiB", "--allow-model-control"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const ServerOptions& options = **parsed;
  EXPECT_EQ(options.models.poll_interval, absl::Milliseconds(500));
  EXPECT_EQ(options.models.pinned_versions,
            (std::map<std::string, std::int64_t>{{"a", 1}, {"b", 2}, {"c", 3}}));
  EXPECT_EQ(options.models.memory_bytes, std::int64_t{2} << 30);
  EXPECT_TRUE(options.grpc.allow_model_control);
  EXPECT_FALSE((*Parse({}))->grpc.allow_model_control);
}

TEST(ServerOptionsTest, ReadsTheFlagsOfTheScheduler) {
  const auto parsed =
      Parse({"--max-queued-jobs", "5", "--max-queued-bytes", "3MiB", "--max-queued-seconds", "7.5",
             "--max-queued-per-client", "2", "--quantum-ms", "12.5", "--pair-cache-bytes", "0",
             "--overlap-encoding", "on", "--trust-priority-header", "--watchdog-seconds", "1.5"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const SchedulerOptions& scheduler = (*parsed)->models.scheduler;
  EXPECT_EQ(scheduler.max_queued_jobs, 5);
  EXPECT_EQ(scheduler.max_queued_bytes, 3 << 20);
  EXPECT_EQ(scheduler.quantum, absl::Microseconds(12'500));
  EXPECT_EQ(scheduler.max_queued_seconds, 7.5);
  EXPECT_EQ(scheduler.max_queued_per_client, 2);
  EXPECT_EQ(scheduler.pair_cache_bytes, 0);
  EXPECT_EQ(scheduler.overlap_encoding, OverlapEncoding::kOn);
  EXPECT_TRUE((*parsed)->grpc.trust_priority);
  EXPECT_EQ((*parsed)->watchdog.patience, absl::Milliseconds(1500));
  EXPECT_FALSE((*Parse({}))->grpc.trust_priority);
}

TEST(ServerOptionsTest, NamesTheBrokenRuleOfTheScheduler) {
  EXPECT_THAT(ErrorOf({"--overlap-encoding", "perhaps"}), HasSubstr("must be auto, on or off"));
  EXPECT_THAT(ErrorOf({"--max-queued-seconds", "0"}), HasSubstr("max_queued_seconds = 0"));
  EXPECT_THAT(ErrorOf({"--watchdog-seconds", "-1"}), HasSubstr("patience = -1s, must be >= 0"));
}

TEST(ServerOptionsTest, NamesTheBrokenRuleOfModels) {
  EXPECT_THAT(ErrorOf({"--model-poll-seconds", "-1"}), HasSubstr("poll_interval = -1s"));
  for (const char* pin : {"a", "a=", "=1", "a=0", "a=x"}) {
    EXPECT_THAT(ErrorOf({"--pin-version", pin}), HasSubstr("must be NAME=VERSION"));
  }
  EXPECT_THAT(ErrorOf({"--model-memory-bytes", "-1"}),
              HasSubstr("memory_bytes = -1, must be >= 0"));
}

TEST(ServerOptionsTest, ReadsEveryFlag) {
  const auto parsed = Parse({"--models",
                             "m",
                             "--default-model",
                             "d",
                             "--device",
                             "cuda:1",
                             "--threads",
                             "3",
                             "--max-queued-jobs",
                             "4",
                             "--listen",
                             "[::1]:0",
                             "--metrics",
                             "localhost:7",
                             "--max-message-bytes",
                             "1MiB",
                             "--max-image-bytes",
                             "5000",
                             "--max-image-pixels",
                             "6",
                             "--max-image-side",
                             "7",
                             "--max-keypoints",
                             "8",
                             "--max-iterations",
                             "9",
                             "--max-steps",
                             "10",
                             "--decode-threads",
                             "11",
                             "--no-reflection",
                             "--no-record-metrics",
                             "--log-level",
                             "error",
                             "--drain-timeout",
                             "1.5"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const ServerOptions& options = **parsed;
  EXPECT_EQ(options.models.directory, "m");
  EXPECT_EQ(options.models.default_model, "d");
  EXPECT_EQ(options.models.engine.device, "cuda:1");
  EXPECT_EQ(options.models.engine.threads, 3);
  EXPECT_EQ(options.models.scheduler.max_queued_jobs, 4);
  EXPECT_EQ(options.grpc.listen.ToString(), "[::1]:0");
  EXPECT_EQ(options.metrics.address, "localhost");
  EXPECT_EQ(options.metrics.port, 7);
  EXPECT_FALSE(options.record_metrics);
  EXPECT_EQ(options.grpc.max_message_bytes, 1 << 20);
  EXPECT_EQ(options.grpc.limits.max_image_bytes, 5000);
  EXPECT_EQ(options.grpc.limits.max_image_pixels, 6);
  EXPECT_EQ(options.grpc.limits.max_image_side, 7);
  EXPECT_EQ(options.grpc.limits.max_keypoints, 8);
  EXPECT_EQ(options.grpc.limits.max_patchmatch_iterations, 9);
  EXPECT_EQ(options.grpc.limits.max_optimize_steps, 10);
  EXPECT_EQ(options.grpc.decoding.threads, 11);
  EXPECT_FALSE(options.grpc.reflection);
  EXPECT_EQ(options.log_level, LogLevel::kError);
  EXPECT_EQ(options.drain_timeout, absl::Seconds(1.5));
}

TEST(ServerOptionsTest, ReadsTheEnvironmentBehindTheFlags) {
  setenv("NEMF_MAX_KEYPOINTS", "12", 1);
  setenv("NEMF_LISTEN", "127.0.0.1:1", 1);
  setenv("NEMF_REFLECTION", "false", 1);
  const auto options = Parse({"--listen", "127.0.0.1:2"});
  unsetenv("NEMF_MAX_KEYPOINTS");
  unsetenv("NEMF_LISTEN");
  unsetenv("NEMF_REFLECTION");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ((*options)->grpc.limits.max_keypoints, 12);
  EXPECT_EQ((*options)->grpc.listen.port, 2);
  EXPECT_FALSE((*options)->grpc.reflection);
}

TEST(ServerOptionsTest, NamesTheWrongFlag) {
  EXPECT_THAT(ErrorOf({"--listen", "50051"}), HasSubstr("--listen: \"50051\", must be HOST:PORT"));
  EXPECT_THAT(ErrorOf({"--metrics", "x"}), HasSubstr("--metrics: \"x\", must be HOST:PORT"));
  EXPECT_THAT(ErrorOf({"--log-level", "loud"}), HasSubstr("--log-level: \"loud\", must be debug"));
  EXPECT_THAT(ErrorOf({"--threads", "many"}), HasSubstr("--threads"));
  EXPECT_THAT(ErrorOf({"--threads", "-1"}), HasSubstr("EngineOptions.threads = -1"));
  EXPECT_THAT(ErrorOf({"--max-keypoints", "0"}), HasSubstr("max_keypoints = 0, must be >= 1"));
  EXPECT_THAT(ErrorOf({"--lame-duck", "-1"}), HasSubstr("lame_duck = -1s, must be >= 0"));
  EXPECT_THAT(ErrorOf({"--drain-timeout", "-1"}), HasSubstr("drain_timeout = -1s, must be >= 0"));
  EXPECT_THAT(ErrorOf({"--device", "tpu"}), HasSubstr("device = \"tpu\""));
  EXPECT_THAT(ErrorOf({"--bogus"}), HasSubstr("--bogus"));
  EXPECT_THAT(ErrorOf({"surplus"}), HasSubstr("surplus"));
}

// A file in a folder of its own, for as long as it lives.
class File {
 public:
  explicit File(const std::string& text) : path_(::testing::TempDir() + "nemf-server.toml") {
    std::ofstream(path_) << text;
  }
  ~File() { std::remove(path_.c_str()); }
  const char* path() const { return path_.c_str(); }

 private:
  const std::string path_;
};

TEST(ServerOptionsTest, ReadsAFile) {
  const File file(
      "listen = \"127.0.0.1:7000\"\nmax-keypoints = 100\nmax-image-bytes = \"3MiB\"\n"
      "reflection = false\nlame-duck = 2.5\npin-version = [\"a=1\", \"b=2\"]\n");
  setenv("NEMF_MAX_KEYPOINTS", "200", 1);
  setenv("NEMF_MAX_ITERATIONS", "7", 1);
  const auto parsed = Parse({"--config", file.path(), "--listen", "127.0.0.1:8000"});
  unsetenv("NEMF_MAX_KEYPOINTS");
  unsetenv("NEMF_MAX_ITERATIONS");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const ServerOptions& options = **parsed;
  EXPECT_EQ(options.grpc.listen.port, 8000);
  EXPECT_EQ(options.grpc.limits.max_keypoints, 100);
  EXPECT_EQ(options.grpc.limits.max_patchmatch_iterations, 7);
  EXPECT_EQ(options.grpc.limits.max_image_bytes, 3 << 20);
  EXPECT_FALSE(options.grpc.reflection);
  EXPECT_EQ(options.lame_duck, absl::Seconds(2.5));
  EXPECT_EQ(options.models.pinned_versions,
            (std::map<std::string, std::int64_t>{{"a", 1}, {"b", 2}}));
}

TEST(ServerOptionsTest, NamesWhatIsWrongInAFile) {
  EXPECT_THAT(ErrorOf({"--config", "/nowhere.toml"}), HasSubstr("/nowhere.toml"));
  EXPECT_THAT(ErrorOf({"--config", File("bogus = 1\n").path()}), HasSubstr("bogus"));
  EXPECT_THAT(ErrorOf({"--config", File("max-keypoints = 0\n").path()}),
              HasSubstr("max_keypoints = 0, must be >= 1"));
}

TEST(ServerOptionsTest, PrintsAFileThatSaysTheSame) {
  std::string printed;
  const auto nothing = Parse({"--max-keypoints", "100", "--no-reflection", "--pin-version", "a=1",
                              "--log-level", "error", "--print-config"},
                             &printed);
  ASSERT_TRUE(nothing.ok()) << nothing.status();
  EXPECT_FALSE(nothing->has_value());
  EXPECT_THAT(printed, HasSubstr("max-keypoints=100\n"));
  EXPECT_THAT(printed, HasSubstr("max-iterations=1000\n"));
  const File file(printed);
  const auto again = Parse({"--config", file.path()});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->grpc.limits.max_keypoints, 100);
  EXPECT_FALSE((*again)->grpc.reflection);
  EXPECT_TRUE((*again)->record_metrics);
  EXPECT_EQ((*again)->log_level, LogLevel::kError);
  EXPECT_EQ((*again)->models.pinned_versions, (std::map<std::string, std::int64_t>{{"a", 1}}));
  std::string twice;
  ASSERT_TRUE(Parse({"--config", file.path(), "--print-config"}, &twice).ok());
  EXPECT_EQ(twice, printed);
}

// To write the page anew: nemf-server --help-markdown > docs/configuration.md
TEST(ServerOptionsTest, PrintsTheCommittedConfigurationPage) {
  std::ifstream file(NEMF_CONFIGURATION_PAGE);
  ASSERT_TRUE(file.good()) << NEMF_CONFIGURATION_PAGE;
  std::ostringstream committed;
  committed << file.rdbuf();
  std::string printed;
  const auto options = Parse({"--help-markdown", "--max-keypoints", "7"}, &printed);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_FALSE(options->has_value());
  EXPECT_EQ(printed, committed.str());
}

TEST(ServerOptionsTest, PrintsHelpAndVersion) {
  std::string printed;
  auto options = Parse({"--help"}, &printed);
  ASSERT_TRUE(options.ok());
  EXPECT_FALSE(options->has_value());
  EXPECT_THAT(printed, HasSubstr("--listen"));
  EXPECT_THAT(printed, HasSubstr("NEMF_MAX_KEYPOINTS"));
  options = Parse({"--version"}, &printed);
  ASSERT_TRUE(options.ok());
  EXPECT_FALSE(options->has_value());
  EXPECT_THAT(printed, HasSubstr("nemf-server "));
}

}  // namespace
}  // namespace nemf
