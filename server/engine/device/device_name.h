#ifndef NEMF_SERVER_ENGINE_DEVICE_DEVICE_NAME_H_
#define NEMF_SERVER_ENGINE_DEVICE_DEVICE_NAME_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace nemf {

// "cuda:N" -> N >= 0; nothing for any other name.
std::optional<int> CudaIndexOf(absl::string_view device);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_DEVICE_DEVICE_NAME_H_
