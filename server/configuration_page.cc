#include "server/configuration_page.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace nemf {
namespace {

constexpr char kIntroduction[] =
    R"(# Configuration

This page is the output of `nemf-server --help-markdown`, and a test keeps it so. To change it,
change the program and write its output here.

Each flag of `nemf-server` is also a key of a TOML file and an environment variable:

| command line | file (`--config FILE.toml`) | environment |
| --- | --- | --- |
| `--max-keypoints 100` | `max-keypoints = 100` | `NEMF_MAX_KEYPOINTS=100` |
| `--no-reflection` | `reflection = false` | `NEMF_REFLECTION=false` |

The command line takes precedence over the file, and the file over the environment.
`nemf-server --print-config` prints the result as such a file. A number of bytes may have a unit, as
in `32MiB`.
)";

bool IsSwitch(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

// CLI11 appends the units that a number of bytes may have to the type's name.
std::string TypeOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return absl::StartsWith(type, "BYTES") ? "BYTES" : type;
}

// Types that list their values have spaces; they stand in the text instead of beside the flag.
bool ListsValues(const std::string& type) { return absl::StrContains(type, ' '); }

// "--keypoints N", "--[no-]reflection", "--help".
std::string Usage(const CLI::Option& option) {
  const std::string name = option.get_lnames().front();
  const bool has_negative = option.get_lnames().size() > 1;
  if (IsSwitch(option)) return absl::StrCat(has_negative ? "--[no-]" : "--", name);
  const std::string type = TypeOf(option);
  return absl::StrCat("--", name, ListsValues(type) ? "" : " ", ListsValues(type) ? "" : type);
}

// 67108864 as "64 MiB"; numbers that are no multiple of a MiB as they are.
std::string WithUnit(const std::string& bytes) {
  constexpr std::int64_t kMebibyte = 1 << 20;
  constexpr std::int64_t kGibibyte = 1 << 30;
  std::int64_t count = 0;
  if (!absl::SimpleAtoi(bytes, &count) || count == 0 || count % kMebibyte != 0) return bytes;
  if (count % kGibibyte == 0) return absl::StrCat(count / kGibibyte, " GiB");
  return absl::StrCat(count / kMebibyte, " MiB");
}

std::string DefaultOf(const CLI::Option& option) {
  const std::string value = option.get_default_str();
  if (value.empty()) return "";
  if (IsSwitch(option)) return value == "true" ? "on" : "off";
  return absl::StrCat("`", TypeOf(option) == "BYTES" ? WithUnit(value) : value, "`");
}

std::string Meaning(const CLI::Option& option) {
  const std::string type = TypeOf(option);
  const std::string values =
      !IsSwitch(option) && ListsValues(type) ? absl::StrCat(" (", type, ")") : "";
  return absl::StrReplaceAll(absl::StrCat(option.get_description(), values), {{"|", "\\|"}});
}

}  // namespace

std::string ConfigurationPage(const CLI::App& app) {
  std::vector<std::string> groups;
  for (const CLI::Option* option : app.get_options()) {
    if (std::find(groups.begin(), groups.end(), option->get_group()) == groups.end()) {
      groups.push_back(option->get_group());
    }
  }
  std::string page = kIntroduction;
  for (const std::string& group : groups) {
    absl::StrAppend(&page, "\n## ", group,
                    "\n\n| flag | default | meaning |\n| --- | --- | --- |\n");
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_group() != group) continue;
      absl::StrAppend(&page, "| `", Usage(*option), "` | ", DefaultOf(*option), " | ",
                      Meaning(*option), " |\n");
    }
  }
  return page;
}

}  // namespace nemf
