#ifndef NEMF_CLIENT_CLI_CLI_H_
#define NEMF_CLIENT_CLI_CLI_H_

#include <string>
#include <vector>

#include "client/cli/command.h"

namespace nemf::cli {

// The whole command line: parses `arguments` (without the program's name), runs the subcommand and
// returns the exit code. Never throws.
int Run(std::vector<std::string> arguments, const Streams& streams);

// "--point 1,2 3,4" as "--point 1,2 --point 3,4": lets one --point take a list without taking the
// images that may follow it.
std::vector<std::string> ExpandPoints(const std::vector<std::string>& arguments);

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_CLI_H_
