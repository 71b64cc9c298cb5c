#include "CLI/CLI.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <memory>
#include <utility>

#include "client/cli/arguments.h"
#include "client/cli/command.h"
#include "nlohmann/json.hpp"

namespace nemf::cli {
namespace {

constexpr char kDescription[] =
    "Finds the points of a reference photograph that correspond to points of a query photograph.\n"
    "The computation runs on a nemf-server.";

constexpr char kFooter[] =
    "Examples:\n"
    "  nemf transfer cat1.jpg cat2.jpg --point 120,80 --point 200.5,64 --png matches.png\n"
    "  nemf flow left.png right.png --out flow.flo --png flow.png --server gpu-box:50051\n"
    "  nemf field cat1.jpg cat2.jpg --point 120,80 --out field.png\n"
    "  nemf eval --dataset pf-willow --root data/PF-WILLOW --compare coarse\n"
    "  nemf health\n"
    "  nemf transfer --help\n"
    "\n"
    "Exit codes: 0 success; 1 the request failed or the server is unreachable; 2 wrong usage;\n"
    "3 a file cannot be read, parsed or written.";

constexpr char kSeeHelp[] = "\nRun with --help for the usage.\n";

struct Command {
  const char* name;
  const char* description;
  Action (*add)(CLI::App*);
};

constexpr Command kCommands[] = {
    {"transfer", "Transfer keypoints from the query to the reference", AddTransfer},
    {"flow", "Compute the dense flow from the query to the reference", AddFlow},
    {"field", "Score one point of the query against the whole reference", AddField},
    {"eval", "Evaluate the server on a data set of annotated pairs", AddEval},
    {"bench", "Generate load and measure throughput and latency", AddBench},
    {"models", "List, load and unload the models of the server", AddModels},
    {"health", "Check whether the server is serving", AddHealth},
    {"version", "Print the version", AddVersion},
};

// Returns whether the first argument is neither an option nor a known subcommand.
bool IsUnknownCommand(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0].starts_with('-')) return false;
  return std::none_of(std::begin(kCommands), std::end(kCommands),
                      [&](const Command& command) { return command.name == arguments[0]; });
}

// Prints the requested help or the error. Returns the exit code.
ExitCode Explain(const CLI::App& app, const CLI::ParseError& error, const Streams& streams) {
  if (error.get_exit_code() == 0) {
    app.exit(error, streams.out, streams.err);
    return kSuccess;
  }
  streams.err << "nemf: " << error.what() << kSeeHelp;
  return kUsageError;
}

ExitCode Perform(const Action& action, const Streams& streams) {
  try {
    return action(streams);
  } catch (const Failure& failure) {
    streams.err << "nemf: " << failure.what() << "\n";
    return failure.code();
  } catch (const std::exception& error) {
    streams.err << "nemf: unexpected error: " << error.what() << "\n";
    return kRequestError;
  }
}

}  // namespace

Action AddVersion(CLI::App* app) {
  const auto json = std::make_shared<bool>(false);
  app->add_flag("--json", *json, "Print JSON");
  return [json](const Streams& streams) {
    if (*json) {
      const nlohmann::ordered_json root = {{"version", NEMF_VERSION}, {"protocol", "nemf.v1"}};
      streams.out << root.dump(2) << "\n";
    } else {
      streams.out << "nemf " NEMF_VERSION " (protocol nemf.v1)\n";
    }
    return kSuccess;
  };
}

std::vector<std::string> ExpandPoints(const std::vector<std::string>& arguments) {
  std::vector<std::string> expanded;
  bool in_list = false;  // after --point and its points
  for (const std::string& argument : arguments) {
    const bool is_point = ParsePoint(argument).has_value();
    const bool is_first = !expanded.empty() && expanded.back() == "--point";
    if (in_list && is_point && !is_first) expanded.push_back("--point");
    in_list = argument == "--point" || is_first || (in_list && is_point);
    expanded.push_back(argument);
  }
  return expanded;
}

int Run(std::vector<std::string> arguments, const Streams& streams) {
  if (IsUnknownCommand(arguments)) {
    streams.err << "nemf: unknown subcommand '" << arguments[0] << "'" << kSeeHelp;
    return kUsageError;
  }
  CLI::App app(kDescription, "nemf");
  app.footer(kFooter);
  app.require_subcommand(1);
  std::vector<std::pair<CLI::App*, Action>> commands;
  for (const Command& command : kCommands) {
    CLI::App* sub = app.add_subcommand(command.name, command.description);
    commands.emplace_back(sub, command.add(sub));
  }
  try {
    arguments = ExpandPoints(arguments);
    std::reverse(arguments.begin(), arguments.end());  // the order that CLI11 expects
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return Explain(app, error, streams);
  }
  for (const auto& [sub, action] : commands) {
    if (sub->parsed()) return Perform(action, streams);
  }
  return kUsageError;
}

}  // namespace nemf::cli
