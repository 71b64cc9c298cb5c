#include "server/engine/encoder/encoder_module_torch.h"

#include <algorithm>
#include <cstdint>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace nemf {

namespace {

torch::jit::Module LoadModule(const std::string& bytes, at::Device device) {
  std::istringstream stream(bytes);
  torch::jit::Module module = torch::jit::load(stream, device);
  module.eval();
  return module;
}

absl::Status CheckShape(absl::string_view name, const at::Tensor& tensor,
                        const std::vector<std::int64_t>& shape) {
  if (tensor.sizes() == at::IntArrayRef(shape)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("output ", name, " has shape [",
                                                 absl::StrJoin(tensor.sizes(), ", "),
                                                 "], must be [", absl::StrJoin(shape, ", "), "]"));
}

// Pixels along an axis that a bicubic sample reads.
constexpr std::int64_t kTaps = 4;
// Floats that ResizeAxis() lays out at a time.
constexpr std::int64_t kBandFloats = std::int64_t{4} << 20;

// Bytes [height][width][3] -> floats [1][3][height][width] in [0, 1].
at::Tensor ToFloats(const at::Tensor& bytes) {
  return bytes.permute({2, 0, 1}).unsqueeze(0).contiguous().to(at::kFloat).div_(255);
}

at::Tensor UpsampleBicubic(const at::Tensor& image, std::int64_t height, std::int64_t width) {
  return at::upsample_bicubic2d(image, {height, width}, /*align_corners=*/true);
}

// The pixels of an axis of `from` pixels that `to` bicubic samples read, ascending. LibTorch places
// the samples by the same float operations.
at::Tensor TapsOf(std::int64_t from, std::int64_t to, at::Device device) {
  const float scale = to > 1 ? static_cast<float>(from - 1) / static_cast<float>(to - 1) : 0.0f;
  std::vector<std::int64_t> taps;
  for (std::int64_t i = 0; i < to; ++i) {
    const auto first = static_cast<std::int64_t>(scale * static_cast<float>(i)) - 1;
    const std::int64_t next = taps.empty() ? 0 : taps.back() + 1;
    for (std::int64_t tap = std::max(first, next); tap < std::min(first + kTaps, from); ++tap) {
      taps.push_back(tap);
    }
  }
  return at::tensor(taps).to(device);
}

// Resizes one axis (2: rows, 3: columns) from `from` pixels to `to`, given the pixels `taps` of it:
// image [1][3][rows][columns], with taps.numel() entries along the axis. LibTorch derives the
// weights from the full length, so each band of lines is laid out at that length. Pixels that are
// not among the taps stay uninitialised and are not read.
at::Tensor ResizeAxis(const at::Tensor& image, int axis, const at::Tensor& taps, std::int64_t from,
                      std::int64_t to) {
  const int across = axis == 3 ? 2 : 3;
  const std::int64_t lines = image.size(across);
  const std::int64_t band_lines = std::max<std::int64_t>(1, kBandFloats / (3 * from));
  std::vector<at::Tensor> bands;
  for (std::int64_t begin = 0; begin < lines; begin += band_lines) {
    const at::Tensor band = image.narrow(across, begin, std::min(band_lines, lines - begin));
    std::vector<std::int64_t> sizes = band.sizes().vec();
    sizes[axis] = from;
    at::Tensor whole = at::empty(sizes, band.options());
    whole.index_copy_(axis, taps, band);
    sizes[axis] = to;
    bands.push_back(UpsampleBicubic(whole, sizes[2], sizes[3]));
  }
  return at::cat(bands, across);
}

}  // namespace

// LibTorch sums over rows the sums over columns. If a call keeps the length of an axis, the weights
// along it are exactly 0 and 1. So a call for the columns and then a call for the rows round in the
// same way as one call for both.
at::Tensor ResizeImage(const at::Tensor& image, std::int64_t size) {
  const std::int64_t height = image.size(0);
  const std::int64_t width = image.size(1);
  if (std::max(height, width) <= kTaps * size) return UpsampleBicubic(ToFloats(image), size, size);
  const at::Tensor rows = TapsOf(height, size, image.device());
  const at::Tensor columns = TapsOf(width, size, image.device());
  const at::Tensor read = ToFloats(image.index({rows.unsqueeze(1), columns}));
  return ResizeAxis(ResizeAxis(read, 3, columns, width, size), 2, rows, height, size);
}

EncoderModule::EncoderModule(const std::string& bytes, const EncoderShape& shape, at::Device device)
    : module_(LoadModule(bytes, device)), shape_(shape), device_(device) {}

absl::StatusOr<EncodedTensors> EncoderModule::Run(const at::Tensor& query,
                                                  const at::Tensor& reference) {
  const c10::InferenceMode no_gradients;
  return Encode(Prepare(query), Prepare(reference));
}

absl::Status EncoderModule::RunSmokeTest() {
  const c10::InferenceMode no_gradients;
  const std::int64_t size = shape_.input_size;
  const at::Tensor empty = at::zeros({1, 3, size, size}, at::TensorOptions().device(device_));
  return Encode(empty, empty.clone()).status();
}

// Runs the module on inputs [1, 3, S, S].
absl::StatusOr<EncodedTensors> EncoderModule::Encode(const at::Tensor& query,
                                                     const at::Tensor& reference) {
  // The optimising executor would make the first calls slow, and run other code for later pairs.
  const torch::jit::GraphOptimizerEnabledGuard no_optimizer(false);
  return Unpack(module_.forward({query, reference}));
}

at::Tensor EncoderModule::Prepare(const at::Tensor& image) const {
  const at::Tensor resized = ResizeImage(image, shape_.input_size);
  return (resized - PerChannel(shape_.mean)) / PerChannel(shape_.std);
}

at::Tensor EncoderModule::PerChannel(const std::array<float, 3>& values) const {
  return at::tensor(at::ArrayRef<float>(values.data(), 3)).view({1, 3, 1, 1}).to(device_);
}

absl::StatusOr<EncodedTensors> EncoderModule::Unpack(const c10::IValue& output) const {
  const std::int64_t g = shape_.grid;
  if (!output.isTuple() || output.toTupleRef().elements().size() != 3) {
    return absl::InvalidArgumentError("the encoder must return (phi, coarse, cost)");
  }
  const auto& parts = output.toTupleRef().elements();
  absl::Status status;
  status.Update(CheckShape("phi", parts[0].toTensor(), {1, shape_.channels, g, g, g, g}));
  status.Update(CheckShape("coarse", parts[1].toTensor(), {1, 2, g, g}));
  status.Update(CheckShape("cost", parts[2].toTensor(), {1, g * g, g * g}));
  if (!status.ok()) return status;
  const auto part = [&](int i) { return parts[i].toTensor()[0].to(at::kFloat); };
  return EncodedTensors{part(0).permute({1, 2, 3, 4, 0}), part(1), part(2)};
}

}  // namespace nemf
