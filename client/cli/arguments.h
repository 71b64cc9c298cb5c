#ifndef NEMF_CLIENT_CLI_ARGUMENTS_H_
#define NEMF_CLIENT_CLI_ARGUMENTS_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"
#include "nemf/client.h"
#include "nemf/types.h"

namespace nemf::cli {

// "12,34.5" as a point; nothing unless both are finite numbers and nothing else is there.
std::optional<client::Point> ParsePoint(const std::string& text);

// "NAME/VERSION" or "NAME" in its parts.
client::ModelSelector ParseModel(const std::string& text);

// Where the server is and how long to wait for it.
struct ServerArguments {
  std::string target = "127.0.0.1:50051";  // or NEMF_SERVER
  double timeout_seconds = 600;            // 0: none

  void AddTo(CLI::App* app);
  // Throws Failure(kUsageError) on options that no client can work with.
  client::Client Connect() const;
};

// What `transfer` and `flow` share: the two images, the model and how to match. `eval` has the same
// without the images.
struct MatchArguments {
  std::string query_path;
  std::string reference_path;
  client::MatchOptions options;
  std::string model;  // NAME[/VERSION], or empty
  ServerArguments server;
  bool json = false;

  void AddTo(CLI::App* app);
  // All but the images.
  void AddOptionsTo(CLI::App* app);
  client::ModelSelector Model() const;
};

// Throws Failure(kRequestError) that names the server and the error.
[[noreturn]] void FailRequest(const ServerArguments& server, const client::Status& status);

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_ARGUMENTS_H_
