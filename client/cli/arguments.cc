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

// The values of an option and their meanings, in the order of the help.
template <typename Enum>
using Choices = std::vector<std::pair<std::string, Enum>>;

const Choices<Preset> kPresets = {
    {"reference", Preset::kReference}, {"balanced", Preset::kBalanced}, {"fast", Preset::kFast}};

const Choices<Refinement> kRefinements = {{"coarse", Refinement::kCoarse},
                                          {"patchmatch", Refinement::kPatchMatch},
                                          {"optimize", Refinement::kPatchMatchAndOptimize}};

// Adds an option whose value is one of `choices`.
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

// Adds an option for an integer >= 0.
template <typename Number>
CLI::Option* AddCount(CLI::App* app, const std::string& name, Number* value,
                      const std::string& description) {
  return app->add_option(name, *value, description)
      ->check(CLI::Validator(CLI::NonNegativeNumber).description(""))
      ->type_name("N");
}

// Adds an option for a number > 0.
template <typename Number>
CLI::Option* AddPositive(CLI::App* app, const std::string& name, Number* value,
                         const std::string& description) {
  return app->add_option(name, *value, description)
      ->check(CLI::Validator(CLI::PositiveNumber).description(""))
      ->type_name("X");
}

// Adds one option for each part of the schedule. docs/presets.md lists the presets' values.
void AddScheduleTo(CLI::App* app, client::MatchOptions* options) {
  AddCount(app, "--iterations", &options->patchmatch_iterations,
           "PatchMatch iterations (default of these schedule options: the preset's)");
  AddCount(app, "--steps", &options->optimize_steps, "Gradient steps after PatchMatch");
  AddPositive(app, "--search-radius", &options->search_radius,
              "Half-width of the random search in normalised units (the image spans 2), at most 2");
  AddCount(app, "--search-candidates", &options->search_candidates,
           "Random points per iteration, 1 to 16");
  AddPositive(app, "--search-decay", &options->search_decay,
              "Factor of the search radius from one iteration to the next, at most 1");
  AddCount(app, "--lattice-stride", &options->lattice_stride,
           "Search on a lattice with at most N pixels between its nodes, 1 to 64");
  AddCount(app, "--upsample-candidates", &options->upsample_candidates,
           "Lattice nodes whose matches compete with the interpolated one, 0 to 4");
}

// Reads a token from a file, without the surrounding white space.
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
  app->add_option("--server", target, "Address of the server")
      ->envname("NEMF_SERVER")
      ->check([](const std::string& text) { return text.empty() ? "must be HOST:PORT" : ""; })
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app->add_option("--timeout", timeout_seconds, "Deadline of a request, seconds; 0: none")
      ->check(CLI::Validator(CLI::Range(0.0, 1e6)).description(""))
      ->type_name("S")
      ->capture_default_str();
  app->add_flag("--tls", tls, "Use TLS with the system's certificate authorities");
  app->add_option("--tls-ca", tls_ca_path, "Use TLS with these certificate authorities")
      ->envname("NEMF_TLS_CA")
      ->type_name("FILE.pem");
  app->add_option("--tls-cert", tls_certificate_path,
                  "Certificate of this client, if the server requires one")
      ->type_name("FILE.pem");
  app->add_option("--tls-key", tls_key_path, "Private key of --tls-cert")->type_name("FILE.pem");
  app->add_option("--tls-server-name", tls_server_name,
                  "Name expected in the server's certificate (default: the host of --server)")
      ->type_name("NAME");
  app->add_option("--token-file", token_path, "File with the bearer token to send")
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
  // Rounds up, because 0 means no timeout.
  options.timeout =
      std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(timeout_seconds * 1000)));
  client::Result<client::Client> client = client::Client::Connect(options);
  if (!client.ok()) throw Failure(kUsageError, client.status().message());
  return std::move(client).value();
}

void AddPairTo(CLI::App* app, std::string* query_path, std::string* reference_path) {
  app->add_option("QUERY", *query_path, "Image whose points are matched")
      ->required()
      ->type_name("FILE");
  app->add_option("REFERENCE", *reference_path, "Image in which matches are searched")
      ->required()
      ->type_name("FILE");
}

void AddModelTo(CLI::App* app, std::string* model) {
  app->add_option("--model", *model, "Model (default: chosen by the server)")
      ->type_name("NAME[/VERSION]");
}

void MatchArguments::AddTo(CLI::App* app) {
  AddPairTo(app, &query_path, &reference_path);
  AddOptionsTo(app);
}

void MatchArguments::AddOptionsTo(CLI::App* app) {
  AddChoice(app, "--preset", &options.preset, kPresets,
            "Search schedule, from the most work to the least (default: balanced)");
  AddChoice(app, "--refinement", &options.refinement, kRefinements,
            "How far to refine the coarse answer (default: optimize)");
  AddScheduleTo(app, &options);
  AddCount(app, "--seed", &options.seed,
           "Seed of the random search; equal seeds give equal answers")
      ->capture_default_str();
  AddModelTo(app, &model);
  app->add_flag("--json", json, "Print JSON");
  server.AddTo(app);
}

client::ModelSelector MatchArguments::Model() const { return ParseModel(model); }

void FailRequest(const ServerArguments& server, const client::Status& status) {
  throw Failure(kRequestError, "server " + server.target + ": " + status.ToString());
}

}  // namespace nemf::cli
