#ifndef NEMF_SERVER_FLAGS_H_
#define NEMF_SERVER_FLAGS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace nemf {

// "--max-keypoints" is also NEMF_MAX_KEYPOINTS.
inline std::string EnvironmentName(const std::string& flag) {
  return absl::StrCat("NEMF_",
                      absl::AsciiStrToUpper(absl::StrReplaceAll(flag.substr(2), {{"-", "_"}})));
}

// Adds flags to one group of a CLI::App, each with its environment variable.
class Flags {
 public:
  Flags(CLI::App* app, const char* group) : app_(app), group_(group) {}

  // Numbers that are neither seconds nor bytes are shown as N.
  template <typename Value>
  CLI::Option* Add(const std::string& flag, Value* value, const std::string& help) {
    CLI::Option* option = Configure(app_->add_option(flag, *value, help), flag);
    if (std::is_integral_v<Value>) option->type_name("N");
    return option->capture_default_str();
  }

  template <typename Value>
  void AddSeconds(const std::string& flag, Value* value, const std::string& help) {
    Add(flag, value, help)->type_name("SECONDS");
  }

  // --NAME and --no-NAME.
  void AddSwitch(const std::string& name, bool* value, const std::string& help) {
    const std::string flag = absl::StrCat("--", name);
    Configure(app_->add_flag(absl::StrCat(flag, ",!--no-", name), *value, help), flag)
        ->default_str(*value ? "true" : "false");
  }

  // A number of bytes, with or without a unit: 1000, 32MiB.
  template <typename Value>
  void AddBytes(const std::string& flag, Value* value, const std::string& help) {
    Add(flag, value, help)->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))->type_name("BYTES");
  }

  // A value that `parse` reads from the text; `parse` returns whether it could.
  template <typename Parse>
  void AddParsed(const std::string& flag, const std::string& type, const std::string& initially,
                 const std::string& help, Parse parse) {
    Configure(app_->add_option_function<std::string>(
                  flag,
                  [flag, type, parse](const std::string& text) {
                    if (parse(text)) return;
                    throw CLI::ValidationError(flag,
                                               absl::StrCat("\"", text, "\", must be ", type));
                  },
                  help),
              flag)
        ->type_name(type)
        ->default_str(initially);
  }

  // A flag that may be repeated, or be given a list with commas; as AddParsed() for each value.
  template <typename Parse>
  void AddParsedList(const std::string& flag, const std::string& type, const std::string& help,
                     Parse parse) {
    Configure(app_->add_option_function<std::vector<std::string>>(
                  flag,
                  [flag, type, parse](const std::vector<std::string>& texts) {
                    for (const std::string& text : texts) {
                      if (parse(text)) continue;
                      throw CLI::ValidationError(flag,
                                                 absl::StrCat("\"", text, "\", must be ", type));
                    }
                  },
                  help),
              flag)
        ->delimiter(',')
        ->type_name(type);
  }

 private:
  CLI::Option* Configure(CLI::Option* option, const std::string& flag) const {
    return option->group(group_)->envname(EnvironmentName(flag));
  }

  CLI::App* app_;
  const char* group_;
};

}  // namespace nemf

#endif  // NEMF_SERVER_FLAGS_H_
