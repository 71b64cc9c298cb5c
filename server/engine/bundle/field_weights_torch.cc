#include <torch/script.h>

#include <sstream>
#include <string>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/engine/bundle/field_weights.h"
#include "server/engine/device/torch_support.h"

namespace nemf {

namespace {

torch::jit::Module LoadModule(const std::string& bytes) {
  std::istringstream stream(bytes);
  torch::jit::Module module = torch::jit::load(stream, torch::kCPU);
  module.eval();
  return module;
}

// Takes parameters of a module by name and checks their shapes.
class ParameterReader {
 public:
  explicit ParameterReader(const torch::jit::Module& module) {
    for (const auto& parameter : module.named_parameters()) {
      parameters_.emplace(parameter.name, parameter.value);
    }
  }

  // The layer of parameters `<name>.weight` and `<name>.bias`.
  Linear Read(const std::string& name, int outputs, int inputs) {
    return {outputs, inputs, ReadTensor(absl::StrCat(name, ".weight"), {outputs, inputs}),
            ReadTensor(absl::StrCat(name, ".bias"), {outputs})};
  }

  const absl::Status& status() const { return status_; }

 private:
  std::vector<float> ReadTensor(const std::string& name, std::vector<std::int64_t> shape) {
    const auto found = parameters_.find(name);
    if (found == parameters_.end()) return Fail("parameter ", name, " is missing");
    if (found->second.sizes() != at::IntArrayRef(shape)) {
      return Fail("parameter ", name, " has shape [", absl::StrJoin(found->second.sizes(), ", "),
                  "], must be [", absl::StrJoin(shape, ", "), "]");
    }
    const at::Tensor values = found->second.detach().to(at::kFloat).contiguous();
    const float* data = values.const_data_ptr<float>();
    return std::vector<float>(data, data + values.numel());
  }

  template <typename... Parts>
  std::vector<float> Fail(const Parts&... parts) {
    status_.Update(absl::InvalidArgumentError(absl::StrCat(parts...)));
    return {};
  }

  std::unordered_map<std::string, at::Tensor> parameters_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<FieldWeights> ReadFieldWeights(const std::string& bytes, const FieldShape& shape) {
  using Result = absl::StatusOr<FieldWeights>;
  return CatchExceptions(absl::StatusCode::kInvalidArgument, "cannot load", [&]() -> Result {
    ParameterReader reader(LoadModule(bytes));
    const int hidden = shape.hidden;
    FieldWeights weights;
    weights.shape = shape;
    weights.fc_p = reader.Read("decoder.fc_p", hidden, 2 * shape.embedding_size());
    for (int i = 0; i < shape.blocks; ++i) {
      const std::string block = absl::StrCat("decoder.blocks.", i);
      weights.fc_c.push_back(reader.Read(absl::StrCat("decoder.fc_c.", i), hidden, shape.channels));
      weights.fc_0.push_back(reader.Read(block + ".fc_0", hidden, hidden));
      weights.fc_1.push_back(reader.Read(block + ".fc_1", hidden, hidden));
    }
    weights.fc_out = reader.Read("decoder.fc_out", 1, hidden);
    if (!reader.status().ok()) return reader.status();
    return weights;
  });
}

absl::StatusOr<std::vector<float>> ScriptedScores(const std::string& bytes,
                                                  const std::vector<float>& points,
                                                  const std::vector<float>& phi, int channels) {
  using Result = absl::StatusOr<std::vector<float>>;
  return CatchExceptions(absl::StatusCode::kInvalidArgument, "cannot run", [&]() -> Result {
    const c10::InferenceMode no_gradients;
    const auto rows = static_cast<std::int64_t>(points.size() / 4);
    const at::Tensor points_in = at::tensor(points).view({rows, 4});
    const at::Tensor phi_in = at::tensor(phi).view({rows, channels});
    const at::Tensor scores = LoadModule(bytes).forward({points_in, phi_in}).toTensor();
    if (scores.sizes() != at::IntArrayRef({rows})) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the scores have shape [", absl::StrJoin(scores.sizes(), ", "), "], must be [N]"));
    }
    const at::Tensor values = scores.to(at::kFloat).contiguous();
    return std::vector<float>(values.const_data_ptr<float>(),
                              values.const_data_ptr<float>() + rows);
  });
}

}  // namespace nemf
