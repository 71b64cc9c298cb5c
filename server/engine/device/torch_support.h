#ifndef NEMF_SERVER_ENGINE_DEVICE_TORCH_SUPPORT_H_
#define NEMF_SERVER_ENGINE_DEVICE_TORCH_SUPPORT_H_

#include <exception>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace nemf {

// Returns the first line of an exception's text. LibTorch's texts end with a backtrace.
inline std::string FirstLine(const std::exception& error) {
  const absl::string_view text = error.what();
  return std::string(text.substr(0, text.find('\n')));
}

// Runs `function` and returns its value. LibTorch reports errors by exceptions: returns a status of
// `code` with the text "<what>: <first line of the exception>" if `function` throws.
template <typename Function>
auto CatchExceptions(absl::StatusCode code, absl::string_view what, Function&& function)
    -> decltype(function()) {
  try {
    return function();
  } catch (const std::exception& error) {
    return absl::Status(code, absl::StrCat(what, ": ", FirstLine(error)));
  }
}

// Sets the number of threads that LibTorch's operators use when the calling thread calls them.
void SetTorchThreads(int threads);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_DEVICE_TORCH_SUPPORT_H_
