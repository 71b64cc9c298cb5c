#include <ATen/ATen.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "server/engine/cpu/field.h"
#include "server/engine/cpu/field_kernels.h"
#include "server/engine/cpu/fused_linear_torch.h"

namespace nemf::cpu {

namespace {

int RoundDown(int value, int multiple) { return value / multiple * multiple; }
int RoundUp(int value, int multiple) { return RoundDown(value + multiple - 1, multiple); }

// Rows of a block. Its activations stay in the core's cache.
int ScoreBlock() { return RoundDown(512, FusedLinear::RowsMultiple()); }
// Fewer, as the backward pass keeps all activations.
int GradientBlock() { return RoundDown(256, FusedLinear::RowsMultiple()); }

Rows RowsOf(const at::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<int>(tensor.stride(0)),
          static_cast<int>(tensor.size(1))};
}

// Return a layer's parameters as tensors that do not own their memory.
at::Tensor WeightOf(const Linear& layer) {
  return at::from_blob(const_cast<float*>(layer.weight.data()), {layer.outputs, layer.inputs});
}
at::Tensor BiasOf(const Linear& layer) {
  return at::from_blob(const_cast<float*>(layer.bias.data()), {layer.outputs});
}

// The layers, arranged for blocks of rows. The first layer's reference columns and fc_c[0] are one
// layer of their concatenated inputs. Its bias and fc_c[0]'s are in the point table.
struct PackedField {
  explicit PackedField(const FieldWeights& weights) {
    const FieldShape& shape = weights.shape;
    const at::Tensor reference = WeightOf(weights.fc_p).slice(1, 0, shape.embedding_size());
    first = {at::cat({WeightOf(weights.fc_c[0]), reference}, 1), {}, ScoreBlock()};
    for (int i = 0; i < shape.blocks; ++i) {
      const at::Tensor fc_c = WeightOf(weights.fc_c[i]);
      const at::Tensor fc_0 = WeightOf(weights.fc_0[i]);
      const at::Tensor fc_1 = WeightOf(weights.fc_1[i]);
      phi.emplace_back(fc_c, BiasOf(weights.fc_c[i]), ScoreBlock());
      enter.emplace_back(fc_0, BiasOf(weights.fc_0[i]), ScoreBlock());
      leave.emplace_back(fc_1, BiasOf(weights.fc_1[i]), ScoreBlock());
      phi_back.emplace_back(fc_c.t(), at::Tensor(), GradientBlock());
      enter_back.emplace_back(fc_0.t(), at::Tensor(), GradientBlock());
      leave_back.emplace_back(fc_1.t(), at::Tensor(), GradientBlock());
    }
  }

  FusedLinear first;                  // C + 4F + 2 -> H
  std::vector<FusedLinear> phi;       // fc_c: C -> H; the first of them is in `first`
  std::vector<FusedLinear> enter;     // fc_0: H -> H
  std::vector<FusedLinear> leave;     // fc_1: H -> H
  std::vector<FusedLinear> phi_back;  // the same against their direction, without bias
  std::vector<FusedLinear> enter_back, leave_back;
};

struct Workspace : FieldWorkspace {
  explicit Workspace(const FieldShape& shape)
      : inputs(at::empty({ScoreBlock(), shape.channels + shape.embedding_size()})),
        phi(at::empty({ScoreBlock(), shape.channels})),
        query(at::empty({ScoreBlock(), shape.hidden})),
        slope(at::empty({GradientBlock(), shape.hidden})) {
    for (int i = 0; i < shape.blocks; ++i) {
      entered.push_back(at::empty({i == 0 ? ScoreBlock() : GradientBlock(), shape.hidden}));
    }
    inner.resize(shape.blocks);
  }

  const at::Tensor inputs;          // [rows][C + 4F + 2]: phi, gamma(reference)
  const at::Tensor phi;             // [rows][C]
  const at::Tensor query;           // [rows][H]: the query's share of the first layer
  const at::Tensor slope;           // [rows][H]: d score / d net
  std::vector<at::Tensor> entered;  // [rows][H]: relu(net) at a block's entry
  std::vector<at::Tensor> inner;    // [rows][H]: relu(fc_0) of a block
  at::Tensor net;                   // [rows][H]: what leaves the last block
};

class TorchField : public Field {
 public:
  explicit TorchField(FieldWeights weights) : weights_(std::move(weights)), packed_(weights_) {}

  const FieldWeights& weights() const override { return weights_; }

  std::unique_ptr<FieldWorkspace> NewWorkspace() const override {
    return std::make_unique<Workspace>(weights_.shape);
  }

  void Score(const FieldQueries& queries, FieldWorkspace* workspace, float* scores) const override {
    const c10::InferenceMode no_gradients;
    Workspace& buffers = *static_cast<Workspace*>(workspace);
    ForEachBlock(queries, ScoreBlock(), [&](std::size_t begin, const FieldQueries& block) {
      Forward(block, /*keep=*/false, buffers, scores + begin);
    });
  }

  void LossGradient(const FieldQueries& queries, FieldWorkspace* workspace,
                    Vec2* gradients) const override {
    const c10::InferenceMode no_gradients;
    Workspace& buffers = *static_cast<Workspace*>(workspace);
    std::vector<float> scores(GradientBlock());
    ForEachBlock(queries, GradientBlock(), [&](std::size_t begin, const FieldQueries& block) {
      Forward(block, /*keep=*/true, buffers, scores.data());
      const at::Tensor slopes = Backward(static_cast<int>(block.reference.size()), buffers);
      LossGradients(block, scores.data(), RowsOf(slopes), gradients + begin);
    });
  }

 private:
  template <typename Function>
  static void ForEachBlock(const FieldQueries& queries, std::size_t capacity, Function function) {
    const std::size_t total = queries.reference.size();
    for (std::size_t begin = 0; begin < total; begin += capacity) {
      function(begin, queries.Part(begin, std::min(capacity, total - begin)));
    }
  }

  // The first `rows` rows of a buffer.
  static at::Tensor Part(const at::Tensor& buffer, int rows) {
    return buffer.as_strided({rows, buffer.size(1)}, buffer.strides(), 0);
  }

  // With `keep` every block's activations stay for Backward(), which a GradientBlock() has room
  // for.
  void Forward(const FieldQueries& queries, bool keep, Workspace& buffers, float* scores) const {
    const int count = static_cast<int>(queries.reference.size());
    const int rows = RoundUp(count, FusedLinear::RowsMultiple());
    const FieldShape& shape = weights_.shape;
    FillInputs(queries, shape.embedding(), RowsOf(buffers.inputs), RowsOf(buffers.query));
    ClearRows(RowsOf(buffers.inputs), count, rows);
    ClearRows(RowsOf(buffers.query), count, rows);
    CopyColumns(RowsOf(buffers.inputs), rows, RowsOf(buffers.phi));
    at::Tensor net = packed_.first.Add(Part(buffers.inputs, rows), Part(buffers.query, rows));
    for (int i = 0; i < shape.blocks; ++i) {
      const at::Tensor& entered = buffers.entered[keep ? i : 0];
      at::Tensor& inner = buffers.inner[keep ? i : 0];
      ReluRows(RowsOf(net), rows, RowsOf(entered));
      inner = packed_.enter[i].Relu(Part(entered, rows));
      net = packed_.leave[i].Add(inner, net);
      if (i + 1 < shape.blocks) net = packed_.phi[i + 1].Add(Part(buffers.phi, rows), net);
    }
    buffers.net = net;
    ScoreRows(RowsOf(net), weights_.fc_out.weight.data(), weights_.fc_out.bias[0], count, scores);
  }

  // From the activations that Forward() kept: d score / d phi [rows][C].
  at::Tensor Backward(int count, Workspace& buffers) const {
    const int rows = RoundUp(count, FusedLinear::RowsMultiple());
    const Rows slope = RowsOf(buffers.slope);
    MaskWeights(weights_.fc_out.weight.data(), RowsOf(buffers.net), rows, slope);
    at::Tensor phi;
    for (int i = weights_.shape.blocks - 1; i >= 0; --i) {
      const at::Tensor inner = packed_.leave_back[i].Product(Part(buffers.slope, rows));
      MaskRows(RowsOf(inner), RowsOf(buffers.inner[i]), rows, RowsOf(inner));
      const at::Tensor entered = packed_.enter_back[i].Product(inner);
      AddMaskedRows(RowsOf(entered), RowsOf(buffers.entered[i]), rows, slope);
      const at::Tensor whole = Part(buffers.slope, rows);
      phi =
          phi.defined() ? packed_.phi_back[i].Add(whole, phi) : packed_.phi_back[i].Product(whole);
    }
    return phi;
  }

  const FieldWeights weights_;
  const PackedField packed_;
};

}  // namespace

std::unique_ptr<Field> Field::Create(FieldWeights weights) {
  const c10::InferenceMode no_gradients;
  return std::make_unique<TorchField>(std::move(weights));
}

}  // namespace nemf::cpu
