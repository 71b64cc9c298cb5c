#include "tests/engine/host_runtime_torch.h"

#include <ATen/ATen.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "server/engine/fatal_error.h"

namespace nemf::testing {

namespace {

class HostRecording : public cuda::Recording {
 public:
  explicit HostRecording(std::function<absl::Status()> work) : work_(std::move(work)) {}
  absl::Status Replay() override { return work_(); }

 private:
  const std::function<absl::Status()> work_;
};

class HostRuntime : public cuda::DeviceRuntime {
 public:
  explicit HostRuntime(DeviceFaults* faults) : faults_(*faults) {}

  const std::string& name() const override { return name_; }
  void* stream(cuda::StreamKind) const override { return nullptr; }
  std::unique_ptr<Scope> Enter(cuda::StreamKind) override { return std::make_unique<Scope>(); }

  at::Tensor NewTensor(at::IntArrayRef sizes, at::ScalarType type) override {
    if (faults_.allocations_left == 0) {
      // The error stays until the test lifts it, or is over at once.
      if (!faults_.stays_full) faults_.allocations_left = -1;
      throw c10::OutOfMemoryError({__func__, __FILE__, __LINE__}, "out of memory, says the test");
    }
    if (faults_.allocations_left > 0) --faults_.allocations_left;
    ++faults_.allocations;
    at::Tensor tensor = at::empty(sizes, at::TensorOptions().dtype(type));
    faults_.largest_allocation = std::max<std::size_t>(faults_.largest_allocation, tensor.nbytes());
    // What is read before it was written shows.
    std::memset(tensor.data_ptr(), 0xA5, tensor.nbytes());
    return tensor;
  }
  at::Tensor NewHostTensor(std::size_t bytes) override {
    return at::empty({static_cast<std::int64_t>(bytes)}, at::TensorOptions().dtype(at::kByte));
  }
  absl::Status Copy(void* to, const void* from, std::size_t bytes, cuda::StreamKind) override {
    ++faults_.copies;
    if (faults_.lost) return FatalError(absl::InternalError("device lost, says the test"));
    std::memcpy(to, from, bytes);
    return absl::OkStatus();
  }
  absl::Status Synchronize(cuda::StreamKind) override { return absl::OkStatus(); }
  absl::StatusOr<std::unique_ptr<cuda::Recording>> Record(
      std::function<absl::Status()> work) override {
    if (absl::Status status = work(); !status.ok()) return status;
    return std::make_unique<HostRecording>(std::move(work));
  }
  absl::StatusOr<std::size_t> FreeBytes() override { return faults_.free_bytes; }
  void ReleaseCache() override {}

 private:
  const std::string name_ = "host";
  DeviceFaults& faults_;
};

}  // namespace

std::unique_ptr<cuda::DeviceRuntime> MakeHostRuntime(DeviceFaults* faults) {
  return std::make_unique<HostRuntime>(faults);
}

}  // namespace nemf::testing
