// What administrators can ask of a repository.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "server/models/model_repository.h"
#include "tests/models/repository_test.h"

namespace nemf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ModelControlTest : public RepositoryTest {
 protected:
  using Change = void (ModelRepository::*)(const std::string&, const std::string&,
                                           ModelCatalog::Done);

  absl::StatusOr<ModelStatus> Ask(Change change, const std::string& name,
                                  const std::string& version) {
    std::promise<absl::StatusOr<ModelStatus>> answer;
    (repository_.get()->*change)(name, version,
                                 [&](auto status) { answer.set_value(std::move(status)); });
    return answer.get_future().get();
  }
  absl::StatusOr<ModelStatus> LoadOne(const std::string& name, const std::string& version) {
    return Ask(&ModelRepository::Load, name, version);
  }
  absl::StatusOr<ModelStatus> UnloadOne(const std::string& name, const std::string& version) {
    return Ask(&ModelRepository::Unload, name, version);
  }
};

TEST_F(ModelControlTest, ANamedVersionIsServedBesideTheCurrentOne) {
  tree_.AddModel("a/1");
  tree_.AddModel("a/2");
  Start();
  const auto status = LoadOne("a", "1");
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->current_version, "2");
  EXPECT_EQ(Answering("a", "1"), "1");
  EXPECT_EQ(Answering("a", ""), "2");
  tree_.AddModel("a/3");
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "3");
  EXPECT_EQ(Answering("a", "2"), "NOT_FOUND");
  EXPECT_EQ(Answering("a", "1"), "1") << "it stays until Unload()";
  ASSERT_TRUE(UnloadOne("a", "1").ok());
  EXPECT_EQ(Answering("a", "1"), "NOT_FOUND");
}

TEST_F(ModelControlTest, LoadingAgainChangesNothing) {
  tree_.AddModel("a/1");
  Start();
  ASSERT_TRUE(LoadOne("a", "1").ok());
  ASSERT_TRUE(LoadOne("a", "").ok());
  EXPECT_THAT(loaded_, ElementsAre("a/1"));
}

TEST_F(ModelControlTest, AnEmptyVersionMeansThePolicysChoice) {
  tree_.AddModel("a/1");
  Start();
  tree_.AddModel("a/2");
  ASSERT_TRUE(LoadOne("a", "").ok());
  EXPECT_EQ(Answering("a", ""), "2");
  EXPECT_EQ(Answering("a", "1"), "NOT_FOUND");
}

TEST_F(ModelControlTest, LoadTriesABrokenVersionAgain) {
  tree_.AddModel("a/1");
  tree_.AddModel("a/2");
  broken_ = {{"a/2", "no field.pt"}};
  Start();
  const absl::Status status = LoadOne("a", "2").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), "model \"a\" version \"2\" cannot be loaded: no field.pt");
  EXPECT_EQ(Answering("a", ""), "1");
  broken_.clear();
  EXPECT_TRUE(LoadOne("a", "2").ok());
  EXPECT_EQ(Answering("a", ""), "2");
}

TEST_F(ModelControlTest, LoadNamesWhatIsNotThere) {
  tree_.AddModel("a/1");
  Start();
  for (const auto& [name, version] :
       {std::pair("b", ""), std::pair("a", "2"), std::pair("a", "01"), std::pair("", "")}) {
    EXPECT_EQ(LoadOne(name, version).status().code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(std::string(LoadOne(name, version).status().message()),
                HasSubstr("there is no model"));
  }
}

TEST_F(ModelControlTest, LoadTellsTheMemoryBudget) {
  tree_.AddModel("a/1");
  tree_.AddModel("a/2");
  options_.memory_bytes = 2;
  Start();
  EXPECT_EQ(Answering("a", ""), "2");
  const absl::Status status = LoadOne("a", "1").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("memory_bytes = 2, of which 2 are taken"));
}

TEST_F(ModelControlTest, UnloadingTheCurrentVersionPutsTheNextBestInItsPlaceFirst) {
  tree_.AddModel("a/1");
  tree_.AddModel("a/2");
  Start();
  const auto status = UnloadOne("a", "2");
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->current_version, "1");
  observer_.Await("unloaded a/2");
  EXPECT_THAT(observer_.events(),
              ElementsAre("loaded a/2", "loaded a/1", "retired a/2", "unloaded a/2"));
  repository_->Poll();
  EXPECT_EQ(Answering("a", ""), "1") << "it is out of the policy's choice";
  ASSERT_TRUE(LoadOne("a", "2").ok());
  EXPECT_EQ(Answering("a", ""), "2");
}

TEST_F(ModelControlTest, AWholeModelIsUnloadedUntilItIsLoaded) {
  tree_.AddModel("a/1");
  tree_.AddModel("b/1");
  tree_.AddModel("b/2");
  Start();
  ASSERT_TRUE(LoadOne("b", "1").ok());
  const auto status = UnloadOne("b", "");
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->current_version, "");
  repository_->Poll();
  EXPECT_EQ(Answering("b", ""), "NOT_FOUND");
  EXPECT_EQ(UnloadOne("b", "").status().message(), "model \"b\" is not loaded");
  ASSERT_TRUE(LoadOne("b", "").ok());
  EXPECT_EQ(Answering("b", ""), "2");
}

TEST_F(ModelControlTest, EvenTheLastModelCanBeUnloaded) {
  tree_.AddModel("a/1");
  Start();
  ASSERT_TRUE(UnloadOne("a", "1").ok());
  EXPECT_EQ(repository_->Find("", "").status().message(),
            "model \"a\" is not served; there is no model");
}

TEST_F(ModelControlTest, UnloadSaysWhatIsNotLoaded) {
  tree_.AddModel("a/1");
  tree_.AddModel("a/2");
  Start();
  EXPECT_EQ(UnloadOne("a", "1").status().message(), "model \"a\" version \"1\" is not loaded");
  EXPECT_EQ(UnloadOne("a", "3").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(UnloadOne("b", "").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Answering("a", ""), "2");
}

TEST_F(ModelControlTest, AVersionThatStillRetiresCanBeLoadedAgain) {
  tree_.AddModel("a/1");
  Start();
  std::shared_ptr<ServedVersion> held = repository_->Find("a", "1").value();
  ASSERT_TRUE(UnloadOne("a", "1").ok());
  EXPECT_EQ(StatusOf("a", "1").state, VersionState::kRetiring);
  ASSERT_TRUE(LoadOne("a", "1").ok());
  EXPECT_NE(repository_->Find("a", "1").value(), held);
  held = nullptr;
  observer_.Await("unloaded a/1");
  EXPECT_EQ(StatusOf("a", "1").state, VersionState::kReady);
}

}  // namespace
}  // namespace nemf
