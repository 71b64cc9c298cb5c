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

// Where the server is, how to get in and how long to wait for it.
struct ServerArguments {
  std::string target = "127.0.0.1:50051";  // or NEMF_SERVER
  double timeout_seconds = 600;            // 0: none
  int max_attempts = 4;                    // client::ClientOptions.max_attempts; no argument
  bool tls = false;                        // implied by the other TLS arguments
  // Names of files; empty: see client::TlsOptions.
  std::string tls_ca_path;  // or NEMF_TLS_CA
  std::string tls_certificate_path;
  std::string tls_key_path;
  std::string tls_server_name;
  std::string token_path;  // or NEMF_TOKEN_FILE; empty: no token

  void AddTo(CLI::App* app);
  // Throws Failure: kUsageError on options that no client can work with, kFileError on files that
  // cannot be read.
  client::Client Connect() const;

 private:
  std::optional<client::TlsOptions> Tls() const;
};

// The two photographs, as the arguments QUERY and REFERENCE.
void AddPairTo(CLI::App* app, std::string* query_path, std::string* reference_path);

// --model NAME[/VERSION].
void AddModelTo(CLI::App* app, std::string* model);

// What `transfer` and `flow` share: the two images, the model and how to match. `eval` and `bench`
// have the same without the images.
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
