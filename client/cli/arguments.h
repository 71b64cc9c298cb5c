#ifndef NEMF_CLIENT_CLI_ARGUMENTS_H_
#define NEMF_CLIENT_CLI_ARGUMENTS_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "nemf/client.h"
#include "nemf/types.h"

namespace CLI {
class App;
}

namespace nemf::cli {

// Parses "12,34.5". Returns nullopt unless the text is two finite numbers with one comma.
std::optional<client::Point> ParsePoint(const std::string& text);

// Splits "NAME/VERSION" or "NAME".
client::ModelSelector ParseModel(const std::string& text);

// Options of the connection to the server.
struct ServerArguments {
  std::string target = "127.0.0.1:50051";  // or NEMF_SERVER
  double timeout_seconds = 600;            // 0: none
  int max_attempts = 4;                    // client::ClientOptions.max_attempts; not an option
  bool tls = false;                        // implied by the other TLS arguments
  // File names; empty: see client::TlsOptions.
  std::string tls_ca_path;  // or NEMF_TLS_CA
  std::string tls_certificate_path;
  std::string tls_key_path;
  std::string tls_server_name;
  std::string token_path;  // or NEMF_TOKEN_FILE; empty: no token

  void AddTo(CLI::App* app);
  // Creates a client. Throws Failure: kUsageError if the options are invalid, kFileError if a file
  // cannot be read.
  client::Client Connect() const;

 private:
  std::optional<client::TlsOptions> Tls() const;
};

// Adds the positional arguments QUERY and REFERENCE.
void AddPairTo(CLI::App* app, std::string* query_path, std::string* reference_path);

// Adds --model NAME[/VERSION].
void AddModelTo(CLI::App* app, std::string* model);

// Arguments of `transfer` and `flow`: the two images, the model and how to match. `eval` and
// `bench` have them without the images.
struct MatchArguments {
  std::string query_path;
  std::string reference_path;
  client::MatchOptions options;
  std::string model;  // NAME[/VERSION], or empty
  ServerArguments server;
  bool json = false;

  void AddTo(CLI::App* app);
  // Adds all of them except the images.
  void AddOptionsTo(CLI::App* app);
  client::ModelSelector Model() const;
};

// Throws Failure(kRequestError) with the server and the error.
[[noreturn]] void FailRequest(const ServerArguments& server, const client::Status& status);

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_ARGUMENTS_H_
