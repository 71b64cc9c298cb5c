#ifndef NEMF_CLIENT_CLI_COMMAND_H_
#define NEMF_CLIENT_CLI_COMMAND_H_

#include <functional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"

namespace nemf::cli {

// What the process ends with.
enum ExitCode {
  kSuccess = 0,
  kRequestError = 1,  // the server refused, failed or was not reached
  kUsageError = 2,    // the command line is wrong
  kFileError = 3,     // a file cannot be read, understood or written
};

// Ends the command: what() goes to the error stream as one line.
class Failure : public std::runtime_error {
 public:
  Failure(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

struct Streams {
  std::ostream& out;  // results
  std::ostream& err;  // errors
};

// What a subcommand does once its arguments are parsed. Throws Failure.
using Action = std::function<ExitCode(const Streams&)>;

// Each declares one subcommand on `app` and returns its action.
Action AddTransfer(CLI::App* app);
Action AddFlow(CLI::App* app);
Action AddField(CLI::App* app);
Action AddEval(CLI::App* app);
Action AddBench(CLI::App* app);
Action AddHealth(CLI::App* app);
Action AddModels(CLI::App* app);
Action AddVersion(CLI::App* app);

// The whole command line: parses `arguments` (without the program's name), runs the subcommand and
// returns the exit code. Never throws.
int Run(std::vector<std::string> arguments, const Streams& streams);

// "--point 1,2 3,4" as "--point 1,2 --point 3,4": lets one --point take a list without taking the
// images that may follow it.
std::vector<std::string> ExpandPoints(const std::vector<std::string>& arguments);

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_COMMAND_H_
