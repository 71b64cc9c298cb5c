#ifndef NEMF_TESTS_MODELS_REPOSITORY_TEST_H_
#define NEMF_TESTS_MODELS_REPOSITORY_TEST_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "server/models/model_repository.h"
#include "tests/models/model_tree.h"
#include "tests/testing/fake_engine.h"

namespace nemf {

// Records the events: "loaded a/1", "failed a/2: reason", "retired a/1", "unloaded a/1".
class RecordingObserver final : public ModelObserver {
 public:
  void OnLoaded(const ModelInfo& model, const std::string&, absl::Duration) override {
    Add(absl::StrCat("loaded ", model.name, "/", model.version));
  }
  void OnLoadFailed(const std::string& name, const std::string& version,
                    const absl::Status& reason) override {
    Add(absl::StrCat("failed ", name, "/", version, ": ", reason.message()));
  }
  void OnRetired(const ModelInfo& model, const std::string&) override {
    Add(absl::StrCat("retired ", model.name, "/", model.version));
  }
  void OnUnloaded(const ModelInfo& model) override {
    Add(absl::StrCat("unloaded ", model.name, "/", model.version));
  }
  void OnProblem(const std::string& problem) override { Add("problem " + problem); }

  std::vector<std::string> events() const {
    absl::MutexLock lock(&mutex_);
    return events_;
  }
  // Waits until the event has come.
  void Await(const std::string& event) const {
    absl::MutexLock lock(&mutex_);
    const auto has_come = [this, &event]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return std::find(events_.begin(), events_.end(), event) != events_.end();
    };
    mutex_.Await(absl::Condition(&has_come));
  }

 private:
  void Add(std::string event) {
    absl::MutexLock lock(&mutex_);
    events_.push_back(std::move(event));
  }

  mutable absl::Mutex mutex_;
  std::vector<std::string> events_ ABSL_GUARDED_BY(mutex_);
};

// A repository over a directory of the test's own, whose bundles are fake engines. It polls when
// the test says so.
class RepositoryTest : public ::testing::Test {
 protected:
  RepositoryTest() {
    options_.directory = tree_.root();
    options_.engine.device = "cpu";
    options_.poll_interval = absl::ZeroDuration();
  }

  absl::StatusOr<std::unique_ptr<ModelRepository>> Open() {
    return ModelRepository::Open(
        options_, [this](auto& directory, auto& options) { return Load(directory, options); },
        Clock::System(), /*scheduler_observer=*/nullptr, &observer_);
  }

  // Opens a repository that must open.
  void Start() {
    auto repository = Open();
    ASSERT_TRUE(repository.ok()) << repository.status();
    repository_ = *std::move(repository);
  }

  // "2": which version answers such requests; or the error's code.
  std::string Answering(const std::string& name, const std::string& version) const {
    const auto serving = repository_->Find(name, version);
    return serving.ok() ? (*serving)->info().version
                        : absl::StatusCodeToString(serving.status().code());
  }

  VersionStatus StatusOf(const std::string& name, const std::string& version) const {
    const ModelStatus model = repository_->Get(name).value();
    for (const VersionStatus& status : model.versions) {
      if (status.version == version) return status;
    }
    ADD_FAILURE() << "no version " << version;
    return {};
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
    model.info = {.name = says_.empty() ? name : says_, .version = version, .directory = directory};
    model.engine = std::make_unique<FakeEngine>();
    return model;
  }

  ModelTree tree_;
  ModelRepositoryOptions options_;
  // Of the loads: to be touched between polls.
  std::vector<std::string> loaded_;
  std::map<std::string, std::string> broken_;  // "name/version" -> what is wrong
  std::string says_;                           // the name in every model.json
  RecordingObserver observer_;
  std::unique_ptr<ModelRepository> repository_;
};

}  // namespace nemf

#endif  // NEMF_TESTS_MODELS_REPOSITORY_TEST_H_
