// How the versions that a repository serves follow what is on disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "server/models/model_repository.h"
#include "tests/models/repository_test.h"
#include "tests/testing/fake_job.h"
#include "tests/testing/recording_sink.h"

namespace nemf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ModelReloadTest : public RepositoryTest {};

TEST_F(ModelReloadTest, ANewVersionTakesThePlaceOfTheOldOne) {
  tree_.AddModel("a/1");
  Start();
  repository_->Poll();
  EXPECT_THAT(loaded_, ElementsAre("a/1"));
  tree_.AddModel("a/2");
  tree_.AddModel("b/1");
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "2");
  EXPECT_EQ(Answering("a", "1"), "NOT_FOUND");
  EXPECT_EQ(Answering("b", ""), "1");
  EXPECT_EQ(Answering("", ""), "2") << "a new model does not become the default one";
  observer_.Await("unloaded a/1");
  EXPECT_EQ(StatusOf("a", "1").state, VersionState::kAvailable);
}

TEST_F(ModelReloadTest, TheThreadPollsByItself) {
  tree_.AddModel("a/1");
  options_.poll_interval = absl::Milliseconds(1);
  Start();
  tree_.AddModel("a/2");
  observer_.Await("unloaded a/1");
  EXPECT_EQ(Answering("", ""), "2");
}

TEST_F(ModelReloadTest, JobsThatHaveBegunFinishOnTheOldVersion) {
  tree_.AddModel("a/1");
  Start();
  std::shared_ptr<ServedVersion> held = repository_->Find("a", "").value();
  tree_.AddModel("a/2");
  repository_->Poll();
  EXPECT_EQ(StatusOf("a", "1").state, VersionState::kRetiring);
  EXPECT_THAT(observer_.events(), ElementsAre("loaded a/1", "loaded a/2", "retired a/1"));

  // The last owner is the old version's own scheduler, while it answers.
  absl::Notification answered;
  auto sink = std::make_shared<RecordingSink>([&] {
    held = nullptr;
    answered.Notify();
  });
  ASSERT_TRUE(RunFake(held->scheduler(), {.id = 1, .queries = 1000}, sink).ok());
  answered.WaitForNotification();
  EXPECT_TRUE(sink->Wait().ok());
  observer_.Await("unloaded a/1");
}

TEST_F(ModelReloadTest, ABrokenVersionLeavesTheOldOneAndWaitsForItsFilesToChange) {
  tree_.AddModel("a/1");
  Start();
  tree_.AddModel("a/2");
  broken_ = {{"a/2", "encoder.pt: SHA-256 is 1, model.json says 2"}};
  repository_->Poll();
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "1");
  EXPECT_EQ(StatusOf("a", "2").state, VersionState::kFailed);
  EXPECT_THAT(StatusOf("a", "2").reason, HasSubstr("SHA-256 is 1"));
  EXPECT_THAT(loaded_, ElementsAre("a/1", "a/2"));

  tree_.AddFile("a/2/encoder.pt", "more of the copy");
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "1");
  broken_.clear();
  tree_.AddFile("a/2/encoder.pt", "the whole of the copy");
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "2");
  EXPECT_EQ(StatusOf("a", "2").reason, "");
}

TEST_F(ModelReloadTest, ADirectoryIsAVersionOnceItHoldsTheManifest) {
  tree_.AddModel("a/1");
  Start();
  tree_.AddFile("a/2/encoder.pt");
  repository_->Poll();
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "1");
  EXPECT_THAT(observer_.events(), ElementsAre("loaded a/1", HasSubstr("a/2: no model.json")));
  tree_.AddModel("a/2");
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "2");
}

TEST_F(ModelReloadTest, RemovingTheNewestGoesBackToTheOneBefore) {
  tree_.AddModel("a/1");
  tree_.AddModel("a/2");
  Start();
  tree_.Remove("a/2");
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "1");
  observer_.Await("unloaded a/2");
  EXPECT_EQ(repository_->Get("a").value().versions.size(), 1u);
}

TEST_F(ModelReloadTest, TheLastVersionStaysWithoutItsDirectory) {
  tree_.AddModel("a/1");
  Start();
  tree_.Remove("a");
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "1");
  tree_.Remove("");
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "1");
  EXPECT_THAT(observer_.events(), ElementsAre("loaded a/1", HasSubstr("is not a directory")));
}

TEST_F(ModelReloadTest, APinnedModelKeepsItsVersion) {
  for (const char* model : {"a/1", "a/2", "a/3"}) tree_.AddModel(model);
  options_.pinned_versions = {{"a", 2}};
  Start();
  EXPECT_EQ(Answering("a", ""), "2");
  tree_.AddModel("a/4");
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "2");
  EXPECT_EQ(repository_->Get("a").value().pinned_version, "2");
  EXPECT_THAT(loaded_, ElementsAre("a/2"));
}

TEST_F(ModelReloadTest, APinnedVersionThatIsNotThereIsNotReplaced) {
  tree_.AddModel("a/1");
  tree_.AddModel("b/1");
  options_.pinned_versions = {{"a", 2}, {"c", 1}};
  Start();
  EXPECT_EQ(Answering("a", ""), "NOT_FOUND");
  EXPECT_EQ(repository_->List().size(), 2u);
  tree_.AddModel("a/2");
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "2");
}

TEST_F(ModelReloadTest, TheMemoryBudgetCountsTheOldVersionUntilItIsGone) {
  tree_.AddModel("a/1");
  tree_.AddFile("a/1/encoder.pt", std::string(98, 'x'));  // and 2 bytes of model.json
  options_.memory_bytes = 150;
  Start();
  tree_.AddModel("a/2");
  tree_.AddFile("a/2/encoder.pt", std::string(58, 'x'));
  repository_->Poll();
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "1");
  const std::string reason =
      "model \"a\" version \"2\" is predicted to take 60 bytes, must be <= 50: "
      "ModelRepositoryOptions.memory_bytes = 150, of which 100 are taken";
  EXPECT_EQ(StatusOf("a", "2").state, VersionState::kAvailable);
  EXPECT_EQ(StatusOf("a", "2").reason, reason);
  EXPECT_EQ(StatusOf("a", "2").bytes, 60);
  EXPECT_THAT(observer_.events(), ElementsAre("loaded a/1", "failed a/2: " + reason));

  tree_.AddModel("a/3");
  tree_.AddFile("a/3/encoder.pt", std::string(48, 'x'));
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "3");
  observer_.Await("unloaded a/1");
  tree_.Remove("a/3");
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "2");
}

TEST_F(ModelReloadTest, AFailedLoadGivesItsMemoryBack) {
  tree_.AddModel("a/1");
  tree_.AddModel("a/2");
  options_.memory_bytes = 3;
  broken_ = {{"a/2", "no"}};
  Start();
  EXPECT_EQ(Answering("a", ""), "1");
}

TEST_F(ModelReloadTest, FindWorksWhileAVersionLoads) {
  tree_.AddModel("a/1");
  absl::Notification loading;
  absl::Notification go_on;
  auto repository = ModelRepository::Open(
      options_,
      [&](auto& directory, auto& options) {
        if (directory == tree_.path("a/2")) {
          loading.Notify();
          go_on.WaitForNotification();
        }
        return Load(directory, options);
      },
      Clock::System());
  ASSERT_TRUE(repository.ok()) << repository.status();
  repository_ = *std::move(repository);
  tree_.AddModel("a/2");
  absl::Notification loaded;
  repository_->Load("a", "2", [&](auto) { loaded.Notify(); });
  loading.WaitForNotification();
  EXPECT_EQ(Answering("a", ""), "1");
  EXPECT_EQ(StatusOf("a", "2").state, VersionState::kLoading);
  go_on.Notify();
  loaded.WaitForNotification();
  EXPECT_EQ(Answering("a", ""), "2");
}

}  // namespace
}  // namespace nemf
