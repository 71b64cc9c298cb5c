#include "server/engine/cuda/device_encoder_torch.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <utility>

#include "server/base/status_macros.h"
#include "server/engine/cuda/runtime/runtime_torch.h"
#include "server/engine/cuda/runtime/staging_torch.h"
#include "server/engine/encoder/encoder_module_torch.h"

namespace nemf::cuda {

namespace {

at::ScalarType TypeOf(Precision precision) {
  return precision == Precision::kFloat16 ? at::kHalf : at::kFloat;
}

class ModuleEncoder : public DeviceEncoder {
 public:
  ModuleEncoder(const std::string& bytes, const EncoderShape& shape, Precision precision,
                at::Device where, DeviceRuntime* runtime)
      : module_(bytes, shape, where),
        precision_(precision),
        runtime_(runtime),
        staging_(runtime, StreamKind::kEncoding) {}

  absl::Status RunSmokeTest() {
    NEMF_RETURN_IF_ERROR(module_.RunSmokeTest());
    return runtime_->Synchronize(StreamKind::kEncoding);
  }

  absl::StatusOr<DeviceEncoding> Run(const ImagePair& pair) override {
    at::Tensor query;
    at::Tensor reference;
    NEMF_RETURN_IF_ERROR(UploadImage(*pair.query, &query));
    NEMF_RETURN_IF_ERROR(UploadImage(*pair.reference, &reference));
    const absl::StatusOr<EncodedTensors> tensors = module_.Run(query, reference);
    if (!tensors.ok()) return tensors.status();
    DeviceEncoding encoding;
    encoding.phi = tensors->phi.to(TypeOf(precision_)).contiguous();
    encoding.coarse = tensors->coarse.contiguous();
    const at::Tensor cost = tensors->cost.contiguous();
    encoding.cost.resize(cost.numel());
    // Waits for the stream, and with it for all of the encoding.
    NEMF_RETURN_IF_ERROR(
        staging_.Download(cost.const_data_ptr(), cost.nbytes(), encoding.cost.data()));
    return encoding;
  }

 private:
  absl::Status UploadImage(const Image& image, at::Tensor* out) {
    *out = runtime_->NewTensor({image.size.height, image.size.width, 3}, at::kByte);
    return staging_.Upload(image.rgb.data(), out->nbytes(), out->data_ptr());
  }

  EncoderModule module_;
  const Precision precision_;
  DeviceRuntime* const runtime_;
  Staging staging_;
};

class UploadingEncoder : public DeviceEncoder {
 public:
  UploadingEncoder(std::unique_ptr<Encoder> encoder, const EncoderShape& shape, Precision precision,
                   DeviceRuntime* runtime)
      : encoder_(std::move(encoder)),
        shape_(shape),
        precision_(precision),
        runtime_(runtime),
        staging_(runtime, StreamKind::kEncoding) {}

  absl::StatusOr<DeviceEncoding> Run(const ImagePair& pair) override {
    absl::StatusOr<Encoding> host = encoder_->Run(pair, at::get_num_threads());
    if (!host.ok()) return host.status();
    const std::int64_t g = shape_.grid;
    DeviceEncoding encoding;
    at::Tensor phi;
    NEMF_RETURN_IF_ERROR(Upload(host->phi, {g, g, g, g, shape_.channels}, &phi));
    NEMF_RETURN_IF_ERROR(Upload(host->coarse, {2, g, g}, &encoding.coarse));
    encoding.phi = phi.to(TypeOf(precision_));
    encoding.cost = std::move(host->cost);
    NEMF_RETURN_IF_ERROR(runtime_->Synchronize(StreamKind::kEncoding));
    return encoding;
  }

 private:
  absl::Status Upload(const std::vector<float>& values, at::IntArrayRef sizes, at::Tensor* out) {
    *out = runtime_->NewTensor(sizes, at::kFloat);
    return staging_.Upload(values.data(), values.size() * sizeof(float), out->data_ptr());
  }

  const std::unique_ptr<Encoder> encoder_;
  const EncoderShape shape_;
  const Precision precision_;
  DeviceRuntime* const runtime_;
  Staging staging_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<DeviceEncoder>> LoadDeviceEncoder(const std::string& bytes,
                                                                 const EncoderShape& shape,
                                                                 Precision precision,
                                                                 at::Device where,
                                                                 DeviceRuntime* runtime) {
  std::unique_ptr<ModuleEncoder> encoder;
  NEMF_RETURN_IF_ERROR(CatchDeviceErrors([&] {
    const auto scope = runtime->Enter(StreamKind::kEncoding);
    encoder = std::make_unique<ModuleEncoder>(bytes, shape, precision, where, runtime);
    return encoder->RunSmokeTest();
  }));
  return encoder;
}

std::unique_ptr<DeviceEncoder> MakeUploadingEncoder(std::unique_ptr<Encoder> encoder,
                                                    const EncoderShape& shape, Precision precision,
                                                    DeviceRuntime* runtime) {
  return std::make_unique<UploadingEncoder>(std::move(encoder), shape, precision, runtime);
}

}  // namespace nemf::cuda
