#include "server/engine/cuda/device_backend_torch.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "server/base/status_macros.h"
#include "server/engine/cuda/matcher_torch.h"
#include "server/engine/cuda/runtime/runtime_torch.h"
#include "server/engine/fatal_error.h"

namespace nemf::cuda {

namespace {

class DeviceBackend : public Backend {
 public:
  DeviceBackend(std::unique_ptr<DeviceRuntime> runtime, std::unique_ptr<DeviceEncoder> encoder,
                FieldWeights weights, Precision precision, const RowBlockOptions& options)
      : runtime_(std::move(runtime)),
        encoder_(std::move(encoder)),
        host_weights_(std::move(weights)),
        query_layer_(host_weights_),
        precision_(precision),
        options_(options),
        staging_(runtime_.get(), StreamKind::kMatching),
        queue_(runtime_->stream(StreamKind::kMatching)) {}

  ~DeviceBackend() override {
    // Recordings and arrays must be freed while their stream is the current one.
    const auto scope = runtime_->Enter(StreamKind::kMatching);
    matcher_ = nullptr;
  }

  // Uploads the weights and plans the memory.
  absl::Status Prepare() {
    return OnStream(StreamKind::kMatching, [&]() -> absl::Status {
      auto weights = UploadWeights(host_weights_, precision_, runtime_.get(), &staging_);
      if (!weights.ok()) return weights.status();
      weights_ = *std::move(weights);
      const absl::StatusOr<std::size_t> free = runtime_->FreeBytes();
      if (!free.ok()) return free.status();
      int rows = options_.rows;
      while (rows / 2 >= options_.min_rows &&
             Matcher::Bytes(host_weights_.shape, precision_, rows) > *free / 2) {
        rows = RoundRows(rows / 2);
      }
      return MakeMatcher(rows);
    });
  }

  const std::string& device() const override { return runtime_->name(); }
  EncodeOverlap encode_overlap() const override { return EncodeOverlap::kUseful; }
  // A GPU makes a field evaluation in a few nanoseconds. The host takes tens of nanoseconds for a
  // site of a cone and more for a row of a table. The device computes values and previews.
  ElementPrices prices() const override { return {8, 128, 1}; }

  absl::StatusOr<std::vector<std::shared_ptr<const EncodedPair>>> Encode(
      absl::Span<const ImagePair> pairs) override {
    std::vector<std::shared_ptr<const EncodedPair>> out;
    for (const ImagePair& pair : pairs) {
      absl::StatusOr<DeviceEncoding> encoding = EncodePair(pair);
      if (absl::IsResourceExhausted(encoding.status())) {
        // The memory that matching has cached may suffice.
        runtime_->ReleaseCache();
        encoding = EncodePair(pair);
      }
      if (!encoding.ok()) return encoding.status();
      out.push_back(std::make_shared<DevicePair>(pair.query->size, pair.reference->size,
                                                 *std::move(encoding)));
    }
    return out;
  }

  std::unique_ptr<TaskState> NewState(const TaskPlan& plan) override {
    return std::make_unique<DeviceTask>(plan, query_layer_);
  }

  absl::Status Run(absl::Span<WorkItem> items) override {
    absl::Status status = RunOnce(items);
    while (absl::IsResourceExhausted(status) && HalveRowBlock()) status = RunOnce(items);
    return status;
  }

  std::vector<Point> TakeSnapshot(TaskState* state) override {
    return std::exchange(static_cast<DeviceTask*>(state)->snapshot, {});
  }

  std::vector<Match> TakeResult(TaskState* state) override {
    return std::move(static_cast<DeviceTask*>(state)->matches);
  }

 private:
  // Runs `work` on the stream, and waits for the stream after an error, so that tasks and pairs may
  // be destroyed. After a fatal error it returns that error and does nothing else.
  absl::Status OnStream(StreamKind kind, absl::FunctionRef<absl::Status()> work) {
    NEMF_RETURN_IF_ERROR(lost());
    absl::Status status = CatchDeviceErrors([&] {
      const c10::InferenceMode no_gradients;
      const auto scope = runtime_->Enter(kind);
      return work();
    });
    if (!status.ok()) status.Update(runtime_->Synchronize(kind));
    if (IsFatal(status)) {
      absl::MutexLock lock(&mutex_);
      lost_ = status;
    }
    return status;
  }

  absl::Status lost() const {
    absl::MutexLock lock(&mutex_);
    return lost_;
  }

  absl::StatusOr<DeviceEncoding> EncodePair(const ImagePair& pair) {
    absl::StatusOr<DeviceEncoding> encoding;
    const absl::Status status = OnStream(StreamKind::kEncoding, [&] {
      encoding = encoder_->Run(pair);
      return encoding.status();
    });
    if (!status.ok()) return status;
    return encoding;
  }

  absl::Status RunOnce(absl::Span<WorkItem> items) {
    return OnStream(StreamKind::kMatching, [&]() -> absl::Status {
      if (matcher_ == nullptr) NEMF_RETURN_IF_ERROR(MakeMatcher(rows_));
      for (const WorkItem& item : items) {
        auto* task = static_cast<DeviceTask*>(item.state);
        NEMF_RETURN_IF_ERROR(task->Prepare(item, runtime_.get(), &staging_, queue_));
      }
      return matcher_->Run(items);
    });
  }

  static int RoundRows(int rows) { return std::max(64, rows / 64 * 64); }

  // Frees the old matcher first, because the new one may need its memory.
  absl::Status MakeMatcher(int rows) {
    matcher_ = nullptr;
    rows_ = rows;
    runtime_->ReleaseCache();
    auto matcher = Matcher::Create(&weights_, rows, runtime_.get(), &staging_);
    if (!matcher.ok()) return matcher.status();
    matcher_ = *std::move(matcher);
    return absl::OkStatus();
  }

  // Makes the matcher again with at most half the rows. Returns false if memory is short even for
  // that, or if the rows cannot be fewer.
  bool HalveRowBlock() {
    while (rows_ / 2 >= options_.min_rows) {
      const absl::Status status =
          OnStream(StreamKind::kMatching, [&] { return MakeMatcher(RoundRows(rows_ / 2)); });
      if (status.ok()) return true;
      if (!absl::IsResourceExhausted(status)) return false;
    }
    return false;
  }

  const std::unique_ptr<DeviceRuntime> runtime_;
  const std::unique_ptr<DeviceEncoder> encoder_;
  const FieldWeights host_weights_;
  const QueryLayer query_layer_;
  const Precision precision_;
  const RowBlockOptions options_;
  // Used by the matching thread.
  Staging staging_;
  const Queue queue_;
  NetworkWeights weights_;
  int rows_ = 0;
  std::unique_ptr<Matcher> matcher_;  // null after memory was too short for one
  mutable absl::Mutex mutex_;
  absl::Status lost_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> MakeDeviceBackend(std::unique_ptr<DeviceRuntime> runtime,
                                                           std::unique_ptr<DeviceEncoder> encoder,
                                                           FieldWeights weights,
                                                           Precision precision,
                                                           const RowBlockOptions& options) {
  std::unique_ptr<DeviceBackend> backend;
  NEMF_RETURN_IF_ERROR(CatchDeviceErrors([&] {
    backend = std::make_unique<DeviceBackend>(std::move(runtime), std::move(encoder),
                                              std::move(weights), precision, options);
    return backend->Prepare();
  }));
  return backend;
}

}  // namespace nemf::cuda
