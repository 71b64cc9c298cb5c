#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "client/cli/arguments.h"
#include "client/cli/command.h"
#include "nlohmann/json.hpp"

namespace nemf::cli {
namespace {

using client::Model;
using client::ModelVersion;
using nlohmann::ordered_json;

struct ModelsArguments {
  ServerArguments server;
  std::string action = "list";
  std::string model;  // NAME[/VERSION]
  bool json = false;
};

std::string TimeText(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc = {};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

ordered_json ToJson(const ModelVersion& version) {
  ordered_json root = {{"version", version.version},
                       {"state", client::VersionStateName(version.state)},
                       {"bytes", version.bytes}};
  if (!version.reason.empty()) root["reason"] = version.reason;
  if (!version.loaded) return root;
  const client::LoadedVersion& loaded = *version.loaded;
  root["device"] = loaded.device;
  root["loaded"] = TimeText(loaded.loaded_at);
  root["load_seconds"] = loaded.load_seconds;
  root["encoder_sha256"] = loaded.encoder_sha256;
  root["field_sha256"] = loaded.field_sha256;
  if (!loaded.provenance_json.empty()) {
    const ordered_json provenance = ordered_json::parse(loaded.provenance_json, nullptr, false);
    root["provenance"] =
        provenance.is_discarded() ? ordered_json(loaded.provenance_json) : provenance;
  }
  return root;
}

ordered_json ToJson(const Model& model) {
  ordered_json versions = ordered_json::array();
  for (const ModelVersion& version : model.versions) versions.push_back(ToJson(version));
  return {{"name", model.name},
          {"default", model.is_default},
          {"current", model.current_version},
          {"pinned", model.pinned_version},
          {"versions", versions}};
}

// Prints one line per version: state, size, device, its role and the reason of a failure.
void Print(const Model& model, std::ostream& out) {
  if (model.versions.empty()) out << model.name << ": no versions\n";
  for (const ModelVersion& version : model.versions) {
    char columns[96];
    std::snprintf(columns, sizeof(columns), "%-9s %8.1f MB",
                  client::VersionStateName(version.state),
                  static_cast<double>(version.bytes) / 1e6);
    out << model.name << "/" << version.version << "  " << columns;
    if (version.loaded) out << "  " << version.loaded->device;
    if (version.version == model.current_version) {
      out << (model.is_default ? "  current, default" : "  current");
    }
    if (version.version == model.pinned_version) out << "  pinned";
    if (!version.reason.empty()) out << "  " << version.reason;
    out << "\n";
  }
}

ExitCode List(const ModelsArguments& arguments, const Streams& streams) {
  const auto models = arguments.server.Connect().ListModels();
  if (!models.ok()) FailRequest(arguments.server, models.status());
  if (arguments.json) {
    ordered_json root = {{"models", ordered_json::array()}};
    for (const Model& model : *models) root["models"].push_back(ToJson(model));
    streams.out << root.dump(2) << "\n";
  } else {
    for (const Model& model : *models) Print(model, streams.out);
  }
  return kSuccess;
}

// Gets, loads or unloads one model.
client::Result<Model> Ask(const ModelsArguments& arguments) {
  const client::Client client = arguments.server.Connect();
  const client::ModelSelector model = ParseModel(arguments.model);
  if (arguments.action == "load") return client.LoadModel(model.name, model.version);
  if (arguments.action == "unload") return client.UnloadModel(model.name, model.version);
  return client.GetModel(model.name);
}

ExitCode Models(const ModelsArguments& arguments, const Streams& streams) {
  if (arguments.action == "list") {
    if (arguments.model.empty()) return List(arguments, streams);
    throw Failure(kUsageError, "list takes no model; did you mean get " + arguments.model + "?");
  }
  if (arguments.model.empty()) {
    throw Failure(kUsageError, arguments.action + ": NAME[/VERSION] is required");
  }
  if (arguments.action == "get" && !ParseModel(arguments.model).version.empty()) {
    throw Failure(kUsageError, "get takes a model's name, without a version");
  }
  const client::Result<Model> model = Ask(arguments);
  if (!model.ok()) FailRequest(arguments.server, model.status());
  if (arguments.json) {
    streams.out << ToJson(*model).dump(2) << "\n";
  } else {
    Print(*model, streams.out);
  }
  return kSuccess;
}

}  // namespace

Action AddModels(CLI::App* app) {
  const auto arguments = std::make_shared<ModelsArguments>();
  app->add_option("ACTION", arguments->action, "What to do")
      ->check(CLI::IsMember({"list", "get", "load", "unload"}))
      ->type_name("list|get|load|unload")
      ->capture_default_str();
  app->add_option(
         "MODEL", arguments->model,
         "Model of get, load and unload. Without VERSION, load loads the version that the server's "
         "policy selects, and unload unloads all versions")
      ->type_name("NAME[/VERSION]");
  app->add_flag("--json", arguments->json, "Print JSON");
  arguments->server.AddTo(app);
  app->footer(
      "load and unload require a server that runs with --allow-model-control. load waits until\n"
      "the version is ready, unload until no new request can get it.\n"
      "\n"
      "Examples:\n"
      "  nemf models\n"
      "  nemf models get nemf-small --json\n"
      "  nemf models load nemf-small/6\n"
      "  nemf models unload nemf-small/6\n"
      "\n"
      "Exit codes: 0 success; 1 the request failed or the server is unreachable; 2 wrong usage.");
  return [arguments](const Streams& streams) { return Models(*arguments, streams); };
}

}  // namespace nemf::cli
