#include <memory>

#include "CLI/CLI.hpp"
#include "client/cli/command.h"
#include "nlohmann/json.hpp"

namespace nemf::cli {

Action AddVersion(CLI::App* app) {
  const auto json = std::make_shared<bool>(false);
  app->add_flag("--json", *json, "Print it as JSON");
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

}  // namespace nemf::cli
