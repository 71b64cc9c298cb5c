#include "client/cli/arguments.h"

#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "client/cli/command.h"
#include "client/cli/files.h"

namespace nemf::cli {
namespace {

using client::Preset;
using client::Refinement;

// The words of an option and what they mean, in the order of the help.
template <typename Enum>
using Choices = std::vector<std::pair<std::string, Enum>>;

const Choices<Preset> kPresets = {
    {"reference", Preset::kReference}, {"balanced", Preset::kBalanced}, {"fast", Preset::kFast}};

const Choices<Refinement> kRefinements = {{"coarse", Refinement::kCoarse},
                                          {"patchmatch", Refinement::kPatchMatch},
                                          {"optimize", Refinement::kPatchMatchAndOptimize}};

// Adds an option whose value is one of the words.
template <typename Enum>
void AddChoice(CLI::App* app, const std::string& name, Enum* value, const Choices<Enum>& choices,
               const std::string& description) {
  std::string words;
  for (const auto& [word, unused] : choices) words += (words.empty() ? "" : "|") + word;
  const auto set = [value, &choices, name, words](const std::string& chosen) {
    for (const auto& [word, meaning] : choices) {
      if (word == chosen) {
        *value = meaning;
        return;
      }
    }
    throw CLI::ValidationError(name, "'" + chosen + "' is none of " + words);
  };
  app->add_option_function<std::string>(name, set, description)->type_name(words);
}

// Adds an option that takes a whole number from 0 on.
template <typename Number>
CLI::Option* AddCount(CLI::App* app, const std::string& name, Number* value,
                      const std::string& description) {
  return app->add_option(name, *value, description)
      ->check(CLI::Validator(CLI::NonNegativeNumber).description(""))
      ->type_name("N");
}

// Adds an option that takes a number above 0.
template <typename Number>
CLI::Option* AddPositive(CLI::App* app, const std::string& name, Number* value,
                         const std::string& description) {
  return app->add_option(name, *value, description)
      ->check(CLI::Validator(CLI::PositiveNumber).description(""))
      ->type_name("X");
}

// The parts of the schedule, one option for each; what a preset gives them is in docs/presets.md.
void AddScheduleTo(CLI::App* app, client::MatchOptions* options) {
  AddCount(app, "--iterations", &options->patchmatch_iterations,
           "PatchMatch iterations (default: the preset's, as for all of the schedule)");
  AddCount(app, "--steps", &options->optimize_steps, "Optimisation steps");
  AddPositive(app, "--search-radius", &options->search_radius,
              "Half-width of the random search, of an image that spans 2; at most 2");
  AddCount(app, "--search-candidates", &options->search_candidates,
           "Random points an iteration, 1 to 16");
  AddPositive(app, "--search-decay", &options->search_decay,
              "Factor of the radius from one iteration to the next, at most 1");
  AddCount(app, "--lattice-stride", &options->lattice_stride,
           "Search on one in about N pixels along each axis, 1 to 64");
  AddCount(app, "--upsample-candidates", &options->upsample_candidates,
           "Nodes around a pixel whose matches compete with the interpolated one, 0 to 4");
}

// The token in a file, without the white space around it.
std::string ReadToken(const std::string& path) {
  const std::string text = ReadFile(path);
  constexpr char kSpace[] = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string::npos) throw Failure(kFileError, path + ": is empty, must be a token");
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

}  // namespace

std::optional<client::Point> ParsePoint(const std::string& text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string::npos) return std::nullopt;
  const auto number = [](const std::string& part) -> std::optional<float> {
    char* end = nullptr;
    const float value = std::strtof(part.c_str(), &end);
    if (part.empty() || *end != '\0' || !std::isfinite(value)) return std::nullopt;
    return value;
  };
  const std::optional<float> x = number(text.substr(0, comma));
  const std::optional<float> y = number(text.substr(comma + 1));
  if (!x || !y) return std::nullopt;
  return client::Point{*x, *y};
}

client::ModelSelector ParseModel(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return {text, ""};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

void ServerArguments::AddTo(CLI::App* app) {
  app->add_option("--server", target, "The server")
      ->envname("NEMF_SERVER")
      ->check([](const std::string& text) { return text.empty() ? "must be HOST:PORT" : ""; })
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app->add_option("--timeout", timeout_seconds, "Seconds to wait for the answer; 0: no limit")
      ->check(CLI::Validator(CLI::Range(0.0, 1e6)).description(""))
      ->type_name("S")
      ->capture_default_str();
  app->add_flag("--tls", tls, "Connect by TLS, trusting the system's authorities");
  app->add_option("--tls-ca", tls_ca_path, "Connect by TLS, trusting these authorities")
      ->envname("NEMF_TLS_CA")
      ->type_name("FILE.pem");
  app->add_option("--tls-cert", tls_certificate_path, "This client's certificate, if asked for")
      ->type_name("FILE.pem");
  app->add_option("--tls-key", tls_key_path, "Its private key")->type_name("FILE.pem");
  app->add_option("--tls-server-name", tls_server_name,
                  "The name in the server's certificate (default: the host of --server)")
      ->type_name("NAME");
  app->add_option("--token-file", token_path, "A file with the bearer token to be sent")
      ->envname("NEMF_TOKEN_FILE")
      ->type_name("FILE");
}

std::optional<client::TlsOptions> ServerArguments::Tls() const {
  const auto read = [](const std::string& path) { return path.empty() ? "" : ReadFile(path); };
  const bool wanted = tls || !tls_ca_path.empty() || !tls_certificate_path.empty() ||
                      !tls_key_path.empty() || !tls_server_name.empty();
  if (!wanted) return std::nullopt;
  return client::TlsOptions{read(tls_ca_path), read(tls_certificate_path), read(tls_key_path),
                            tls_server_name};
}

client::Client ServerArguments::Connect() const {
  client::ClientOptions options;
  options.target = target;
  options.max_attempts = max_attempts;
  options.tls = Tls();
  if (!token_path.empty()) options.token = ReadToken(token_path);
  // Rounded up: a tiny timeout must not become none.
  options.timeout =
      std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(timeout_seconds * 1000)));
  client::Result<client::Client> client = client::Client::Connect(options);
  if (!client.ok()) throw Failure(kUsageError, client.status().message());
  return std::move(client).value();
}

void AddPairTo(CLI::App* app, std::string* query_path, std::string* reference_path) {
  app->add_option("QUERY", *query_path, "The photograph that is asked about")
      ->required()
      ->type_name("FILE");
  app->add_option("REFERENCE", *reference_path, "The photograph that is searched")
      ->required()
      ->type_name("FILE");
}

void AddModelTo(CLI::App* app, std::string* model) {
  app->add_option("--model", *model, "The model (default: the server's)")
      ->type_name("NAME[/VERSION]");
}

void MatchArguments::AddTo(CLI::App* app) {
  AddPairTo(app, &query_path, &reference_path);
  AddOptionsTo(app);
}

void MatchArguments::AddOptionsTo(CLI::App* app) {
  AddChoice(app, "--preset", &options.preset, kPresets,
            "The schedule: how much work is spent (default: the server's, balanced)");
  AddChoice(app, "--refinement", &options.refinement, kRefinements,
            "How far the coarse answer is refined (default: optimize)");
  AddScheduleTo(app, &options);
  AddCount(app, "--seed", &options.seed, "Seed of the random search: equal seeds, equal answers")
      ->capture_default_str();
  AddModelTo(app, &model);
  app->add_flag("--json", json, "Print the answer as JSON");
  server.AddTo(app);
}

client::ModelSelector MatchArguments::Model() const { return ParseModel(model); }

void FailRequest(const ServerArguments& server, const client::Status& status) {
  throw Failure(kRequestError, "server " + server.target + ": " + status.ToString());
}

}  // namespace nemf::cli
