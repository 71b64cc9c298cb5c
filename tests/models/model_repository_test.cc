#include "server/models/model_repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/models/model_tree.h"
#include "tests/testing/fake_engine.h"
#include "tests/testing/recording_sink.h"

namespace nemf {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ModelRepositoryTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<ModelRepository>> Open(const std::string& default_model = "") {
    ModelRepositoryOptions options;
    options.directory = tree_.root();
    options.default_model = default_model;
    options.engine.device = "cpu";
    return ModelRepository::Open(
        options, [this](auto& directory, auto& options) { return Load(directory, options); },
        Clock::System());
  }

  absl::StatusOr<LoadedModel> Load(const std::string& directory, const EngineOptions& options) {
    EXPECT_EQ(options.device, "cpu");
    const std::filesystem::path path(directory);
    const std::string name = path.parent_path().filename();
    const std::string version = path.filename();
    loaded_.push_back(name + "/" + version);
    if (const auto broken = broken_.find(loaded_.back()); broken != broken_.end()) {
      return absl::DataLossError(broken->second);
    }
    LoadedModel model;
    model.info = {says_.empty() ? name : says_, version, directory};
    model.engine = std::make_unique<FakeEngine>();
    return model;
  }

  ModelTree tree_;
  std::vector<std::string> loaded_;
  std::map<std::string, std::string> broken_;  // "name/version" -> what is wrong
  std::string says_;                           // the name in every model.json
};

TEST_F(ModelRepositoryTest, ServesTheNewestVersionOfEach) {
  for (const char* model : {"b/1", "a/2", "a/10"}) tree_.AddModel(model);
  const auto repository = Open();
  ASSERT_TRUE(repository.ok()) << repository.status();
  EXPECT_THAT(loaded_, ElementsAre("a/10", "b/1"));
  EXPECT_EQ((*repository)->servings().size(), 2u);
  EXPECT_EQ((*repository)->default_serving().info().name, "a");
  EXPECT_THAT((*repository)->problems(), IsEmpty());
}

TEST_F(ModelRepositoryTest, FindsByNameAndVersion) {
  tree_.AddModel("a/2");
  tree_.AddModel("b/1");
  const auto repository = Open("b");
  ASSERT_TRUE(repository.ok()) << repository.status();
  const auto name = [&](const char* name, const char* version) {
    return (*repository)->Find(name, version).value()->info().name;
  };
  EXPECT_EQ(name("", ""), "b");
  EXPECT_EQ(name("", "1"), "b");
  EXPECT_EQ(name("a", ""), "a");
  EXPECT_EQ(name("a", "2"), "a");
}

TEST_F(ModelRepositoryTest, NotFoundNamesWhatThereIs) {
  tree_.AddModel("a/2");
  tree_.AddModel("b/1");
  const auto repository = Open();
  ASSERT_TRUE(repository.ok()) << repository.status();
  absl::Status status = (*repository)->Find("c", "").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(),
            "model \"c\" is not served; there is \"a\" version \"2\", \"b\" version \"1\"");
  status = (*repository)->Find("a", "1").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("model \"a\" version \"1\" is not served"));
}

TEST_F(ModelRepositoryTest, ABrokenVersionLeavesThePlaceToTheOneBefore) {
  for (const char* model : {"a/1", "a/2", "b/1"}) tree_.AddModel(model);
  broken_ = {{"a/2", "field.pt: wrong\n SHA-256"}, {"b/1", "no encoder.pt"}};
  const auto repository = Open();
  ASSERT_TRUE(repository.ok()) << repository.status();
  EXPECT_EQ((*repository)->servings().size(), 1u);
  EXPECT_EQ((*repository)->default_serving().info().version, "1");
  EXPECT_THAT((*repository)->problems(),
              ElementsAre(AllOf(HasSubstr("a/2: field.pt: wrong"), Not(HasSubstr("\n"))),
                          HasSubstr("b/1: no encoder.pt")));
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
  broken_ = {{"a/1", "no encoder.pt"}};
  status = Open().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a/1: no encoder.pt"));
}

TEST_F(ModelRepositoryTest, TheDefaultModelMustBeServed) {
  tree_.AddModel("a/1");
  const absl::Status status = Open("b").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(),
            "default model: model \"b\" is not served; there is \"a\" version \"1\"");
}

TEST_F(ModelRepositoryTest, ServingsRunJobsUntilDrained) {
  tree_.AddModel("a/1");
  const auto repository = Open();
  ASSERT_TRUE(repository.ok()) << repository.status();
  const auto submit = [&](std::shared_ptr<RecordingSink> sink) {
    Job job;
    job.pair = FakePair({.id = 1, .queries = 1000});
    job.sink = std::move(sink);
    return (*repository)->Find("", "").value()->scheduler().Submit(std::move(job)).status();
  };
  auto sink = std::make_shared<RecordingSink>();
  EXPECT_TRUE(submit(sink).ok());
  (*repository)->Drain();
  EXPECT_EQ(sink->calls(), 1);
  EXPECT_TRUE(sink->Wait().ok());
  EXPECT_EQ(submit(sink).code(), absl::StatusCode::kUnavailable);
}

TEST(ModelRepositoryOptionsTest, Rules) {
  EXPECT_TRUE(ModelRepositoryOptions().Validate().ok());
  ModelRepositoryOptions no_directory;
  no_directory.directory = "";
  EXPECT_THAT(std::string(no_directory.Validate().message()),
              HasSubstr("ModelRepositoryOptions.directory is empty"));
  ModelRepositoryOptions bad_scheduler;
  bad_scheduler.scheduler.max_active_jobs = 0;
  EXPECT_THAT(std::string(bad_scheduler.Validate().message()), HasSubstr("max_active_jobs = 0"));
}

}  // namespace
}  // namespace nemf
