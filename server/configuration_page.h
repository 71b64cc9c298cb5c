#ifndef NEMF_SERVER_CONFIGURATION_PAGE_H_
#define NEMF_SERVER_CONFIGURATION_PAGE_H_

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace nemf {

// Returns docs/configuration.md: the options of `app` in Markdown, one table a group, the groups in
// the order in which the app's options name them first. Defaults are those of the program, whatever
// the command line and the environment say.
std::string ConfigurationPage(const CLI::App& app);

}  // namespace nemf

#endif  // NEMF_SERVER_CONFIGURATION_PAGE_H_
