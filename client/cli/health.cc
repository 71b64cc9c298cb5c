#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "client/cli/arguments.h"
#include "client/cli/command.h"
#include "nlohmann/json.hpp"

namespace nemf::cli {
namespace {

struct HealthArguments {
  ServerArguments server;
  std::string service;
  bool json = false;
};

const char* StateName(client::HealthState state) {
  switch (state) {
    case client::HealthState::kServing:
      return "SERVING";
    case client::HealthState::kNotServing:
      return "NOT_SERVING";
    case client::HealthState::kUnknown:
      break;
  }
  return "UNKNOWN";
}

ExitCode Health(const HealthArguments& arguments, const Streams& streams) {
  const ServerArguments& server = arguments.server;
  const client::Result<client::HealthState> state = server.Connect().Health(arguments.service);
  if (!state.ok()) FailRequest(server, state.status());
  const char* name = StateName(*state);
  if (arguments.json) {
    const nlohmann::ordered_json root = {{"server", server.target}, {"status", name}};
    streams.out << root.dump(2) << "\n";
  } else {
    streams.out << name << "\n";
  }
  return *state == client::HealthState::kServing ? kSuccess : kRequestError;
}

}  // namespace

Action AddHealth(CLI::App* app) {
  const auto arguments = std::make_shared<HealthArguments>();
  arguments->server.timeout_seconds = 10;
  arguments->server.AddTo(app);
  app->add_option("--service", arguments->service,
                  "Full name of one gRPC service (default: the whole server)")
      ->type_name("NAME");
  app->add_flag("--json", arguments->json, "Print JSON");
  app->footer(
      "Example:\n"
      "  nemf health --server gpu-box:50051 && echo ready\n"
      "\n"
      "Exit codes: 0 serving; 1 not serving or unreachable; 2 wrong usage.");
  return [arguments](const Streams& streams) { return Health(*arguments, streams); };
}

}  // namespace nemf::cli
