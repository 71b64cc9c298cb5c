// What a repository serves once it is open.
#include "server/models/model_repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "tests/models/repository_test.h"
#include "tests/testing/fake_job.h"
#include "tests/testing/recording_sink.h"

namespace nemf {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ModelRepositoryTest : public RepositoryTest {};

TEST_F(ModelRepositoryTest, ServesTheNewestVersionOfEach) {
  for (const char* model : {"b/1", "a/2", "a/10"}) tree_.AddModel(model);
  Start();
  EXPECT_THAT(loaded_, ElementsAre("a/10", "b/1"));
  EXPECT_THAT(observer_.events(), ElementsAre("loaded a/10", "loaded b/1"));
  const std::vector<ModelStatus> models = repository_->List();
  ASSERT_EQ(models.size(), 2u);
  EXPECT_TRUE(models[0].is_default);
  EXPECT_EQ(models[0].current_version, "10");
  ASSERT_EQ(models[0].versions.size(), 2u);
  EXPECT_EQ(models[0].versions[0].state, VersionState::kReady);
  EXPECT_EQ(models[0].versions[0].device, "cpu");
  EXPECT_EQ(models[0].versions[0].info.directory, tree_.path("a/10"));
  EXPECT_EQ(models[0].versions[1].version, "2");
  EXPECT_EQ(models[0].versions[1].state, VersionState::kAvailable);
  EXPECT_FALSE(models[1].is_default);
}

TEST_F(ModelRepositoryTest, FindsByNameAndVersion) {
  tree_.AddModel("a/2");
  tree_.AddModel("b/1");
  options_.default_model = "b";
  Start();
  const auto name = [&](const char* name, const char* version) {
    return repository_->Find(name, version).value()->info().name;
  };
  EXPECT_EQ(name("", ""), "b");
  EXPECT_EQ(name("", "1"), "b");
  EXPECT_EQ(name("a", ""), "a");
  EXPECT_EQ(name("a", "2"), "a");
}

TEST_F(ModelRepositoryTest, NotFoundNamesWhatThereIs) {
  tree_.AddModel("a/2");
  tree_.AddModel("b/1");
  Start();
  absl::Status status = repository_->Find("c", "").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(),
            "model \"c\" is not served; there is \"a\" version \"2\", \"b\" version \"1\"");
  status = repository_->Find("a", "1").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("model \"a\" version \"1\" is not served"));
  EXPECT_EQ(repository_->Get("c").status().message(),
            "there is no model \"c\"; there is \"a\", \"b\"");
}

TEST_F(ModelRepositoryTest, ABrokenVersionLeavesThePlaceToTheOneBefore) {
  for (const char* model : {"a/1", "a/2", "b/1"}) tree_.AddModel(model);
  broken_ = {{"a/2", "field.pt: wrong\n SHA-256"}, {"b/1", "no encoder.pt"}};
  Start();
  EXPECT_EQ(Answering("", ""), "1");
  EXPECT_EQ(Answering("b", ""), "NOT_FOUND");
  EXPECT_EQ(StatusOf("a", "2").state, VersionState::kFailed);
  EXPECT_THAT(StatusOf("a", "2").reason, AllOf(HasSubstr("field.pt: wrong"), Not(HasSubstr("\n"))));
  EXPECT_THAT(observer_.events(), ElementsAre(HasSubstr("failed a/2: field.pt: wrong"),
                                              "loaded a/1", "failed b/1: no encoder.pt"));
}

TEST_F(ModelRepositoryTest, ABundleMustBeWhatItsPlaceSays) {
  tree_.AddModel("a/1");
  says_ = "z";
  const absl::Status status = Open().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("model.json says \"z\" version \"1\", its place says \"a\" version \"1\""));
}

TEST_F(ModelRepositoryTest, NothingToServeIsAnErrorWithItsReasons) {
  absl::Status status = Open().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no model to serve in " + tree_.root()));
  tree_.AddModel("a/1");
  tree_.AddDirectory("b/7");
  broken_ = {{"a/1", "no encoder.pt"}};
  status = Open().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a/1: no encoder.pt"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("b/7: no model.json"));
  EXPECT_THAT(observer_.events(), Contains("failed a/1: no encoder.pt"));
}

TEST_F(ModelRepositoryTest, TheDefaultModelMustBeServed) {
  tree_.AddModel("a/1");
  options_.default_model = "b";
  const absl::Status status = Open().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(),
            "default model: model \"b\" is not served; there is \"a\" version \"1\"");
}

TEST_F(ModelRepositoryTest, ServingsRunJobsUntilDrained) {
  tree_.AddModel("a/1");
  Start();
  const auto submit = [&](std::shared_ptr<RecordingSink> sink) {
    Scheduler& scheduler = repository_->Find("", "").value()->scheduler();
    return RunFake(scheduler, {.id = 1, .queries = 1000}, std::move(sink)).status();
  };
  auto sink = std::make_shared<RecordingSink>();
  EXPECT_TRUE(submit(sink).ok());
  repository_->Drain();
  EXPECT_EQ(sink->calls(), 1);
  EXPECT_TRUE(sink->Wait().ok());
  EXPECT_EQ(submit(sink).code(), absl::StatusCode::kUnavailable);
}

TEST(ModelRepositoryOptionsTest, Rules) {
  EXPECT_TRUE(ModelRepositoryOptions().Validate().ok());
  const auto message = [](const ModelRepositoryOptions& options) {
    return std::string(options.Validate().message());
  };
  EXPECT_THAT(message({.directory = ""}), HasSubstr("ModelRepositoryOptions.directory is empty"));
  EXPECT_THAT(message({.poll_interval = absl::Seconds(-1)}),
              HasSubstr("poll_interval = -1s, must be >= 0"));
  EXPECT_THAT(message({.pinned_versions = {{"a", 0}}}),
              HasSubstr("pinned_versions[\"a\"] = 0, must be >= 1"));
  EXPECT_THAT(message({.memory_bytes = -1}), HasSubstr("memory_bytes = -1, must be >= 0"));
  ModelRepositoryOptions bad_scheduler;
  bad_scheduler.scheduler.max_active_jobs = 0;
  EXPECT_THAT(message(bad_scheduler), HasSubstr("max_active_jobs = 0"));
}

}  // namespace
}  // namespace nemf
