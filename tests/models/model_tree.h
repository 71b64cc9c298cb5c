#ifndef NEMF_TESTS_MODELS_MODEL_TREE_H_
#define NEMF_TESTS_MODELS_MODEL_TREE_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace nemf {

// A directory of model directories of the running test's own, removed afterwards.
class ModelTree {
 public:
  ModelTree() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    root_ = std::filesystem::path(testing::TempDir()) /
            (std::string(test->test_suite_name()) + "." + test->name());
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
  }
  ~ModelTree() { std::filesystem::remove_all(root_); }

  std::string root() const { return root_.string(); }
  std::string path(const std::string& relative) const { return (root_ / relative).string(); }

  void AddDirectory(const std::string& relative) const {
    std::filesystem::create_directories(root_ / relative);
  }
  void AddFile(const std::string& relative, const std::string& content = "{}") const {
    std::filesystem::create_directories((root_ / relative).parent_path());
    std::ofstream(root_ / relative) << content;
  }
  void Remove(const std::string& relative) const { std::filesystem::remove_all(root_ / relative); }
  void AddModel(const std::string& name_and_version) const {
    AddFile(name_and_version + "/model.json");
  }

 private:
  std::filesystem::path root_;
};

}  // namespace nemf

#endif  // NEMF_TESTS_MODELS_MODEL_TREE_H_
