#ifndef NEMF_CLIENT_CLI_COMMAND_H_
#define NEMF_CLIENT_CLI_COMMAND_H_

#include <functional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

// Each inclusion of CLI11 costs seconds of compilation, so only the subcommands include it.
namespace CLI {
class App;
}

namespace nemf::cli {

// Exit status of the process.
enum ExitCode {
  kSuccess = 0,
  kRequestError = 1,  // the request failed or the server is unreachable
  kUsageError = 2,    // the command line is wrong
  kFileError = 3,     // a file cannot be read, parsed or written
};

// An error that ends the command. what() is printed to the error stream as one line.
class Failure : public std::runtime_error {
 public:
  Failure(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

// Where a command prints.
struct Streams {
  std::ostream& out;  // results
  std::ostream& err;  // errors
};

// Runs a subcommand whose arguments have been parsed. Throws Failure.
using Action = std::function<ExitCode(const Streams&)>;

// Each adds the options of one subcommand to `app` and returns its action.
Action AddTransfer(CLI::App* app);
Action AddFlow(CLI::App* app);
Action AddField(CLI::App* app);
Action AddEval(CLI::App* app);
Action AddBench(CLI::App* app);
Action AddHealth(CLI::App* app);
Action AddModels(CLI::App* app);
Action AddVersion(CLI::App* app);

// Parses `arguments` (without the program's name), runs the subcommand and returns the exit code.
// Does not throw.
int Run(std::vector<std::string> arguments, const Streams& streams);

// Rewrites "--point 1,2 3,4" as "--point 1,2 --point 3,4", so that one --point accepts a list but
// not the image paths that may follow it.
std::vector<std::string> ExpandPoints(const std::vector<std::string>& arguments);

}  // namespace nemf::cli

#endif  // NEMF_CLIENT_CLI_COMMAND_H_
