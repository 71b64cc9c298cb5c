#ifndef NEMF_TESTS_CLIENT_CLI_TEST_H_
#define NEMF_TESTS_CLIENT_CLI_TEST_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <opencv2/core.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "client/cli/command.h"
#include "client/render/file_formats.h"

namespace nemf::cli {

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

// Runs the command line as a shell would.
inline Outcome RunCli(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = Run(arguments, {out, err});
  return {code, out.str(), err.str()};
}

// A test with a folder of its own.
class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(::testing::TempDir()) /
              (std::string(info->test_suite_name()) + "." + info->name());
    std::filesystem::create_directories(folder_);
  }
  ~FolderTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  std::string Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(Path(name), std::ios::binary) << bytes;
    return Path(name);
  }

  std::string Read(const std::string& name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string WriteImage(const std::string& name, int width, int height) const {
    const cv::Mat image(height, width, CV_8UC3, cv::Scalar(90, 120, 150));
    return Write(name, client::EncodePng(image).value());
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace nemf::cli

#endif  // NEMF_TESTS_CLIENT_CLI_TEST_H_
