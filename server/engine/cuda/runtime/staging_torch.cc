#include "server/engine/cuda/runtime/staging_torch.h"

#include <algorithm>
#include <cstring>

#include "server/base/status_macros.h"

namespace nemf::cuda {

namespace {

constexpr std::size_t kBytes = std::size_t{4} << 20;
constexpr std::size_t kAlignment = 64;

}  // namespace

Staging::Staging(DeviceRuntime* runtime, StreamKind kind)
    : runtime_(runtime),
      kind_(kind),
      up_(runtime->NewHostTensor(kBytes)),
      down_(runtime->NewHostTensor(kBytes)) {}

absl::Status Staging::Wait() {
  NEMF_RETURN_IF_ERROR(runtime_->Synchronize(kind_));
  used_ = 0;
  return absl::OkStatus();
}

absl::Status Staging::Upload(const void* from, std::size_t bytes, void* to) {
  const char* source = static_cast<const char*>(from);
  char* target = static_cast<char*>(to);
  while (bytes > 0) {
    if (used_ >= kBytes) NEMF_RETURN_IF_ERROR(Wait());
    const std::size_t part = std::min(bytes, kBytes - used_);
    char* pinned = static_cast<char*>(up_.data_ptr()) + used_;
    std::memcpy(pinned, source, part);
    NEMF_RETURN_IF_ERROR(runtime_->Copy(target, pinned, part, kind_));
    used_ += (part + kAlignment - 1) / kAlignment * kAlignment;
    source += part;
    target += part;
    bytes -= part;
  }
  return absl::OkStatus();
}

absl::Status Staging::Download(const void* from, std::size_t bytes, void* to) {
  const char* source = static_cast<const char*>(from);
  char* target = static_cast<char*>(to);
  while (bytes > 0) {
    const std::size_t part = std::min(bytes, kBytes);
    NEMF_RETURN_IF_ERROR(runtime_->Copy(down_.data_ptr(), source, part, kind_));
    NEMF_RETURN_IF_ERROR(Wait());
    std::memcpy(target, down_.data_ptr(), part);
    source += part;
    target += part;
    bytes -= part;
  }
  return absl::OkStatus();
}

}  // namespace nemf::cuda
