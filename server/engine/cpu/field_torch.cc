#include <ATen/ATen.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "server/engine/cpu/field.h"
#include "server/engine/cpu/field_kernels.h"

namespace nemf {

namespace {

constexpr int kScoreRows = 1024;    // rows of a block: its activations stay near the core
constexpr int kGradientRows = 512;  // fewer, as the backward pass keeps all activations
constexpr int kRowsMultiple = 64;

int RoundUp(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

Rows RowsOf(const at::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<int>(tensor.stride(0)),
          static_cast<int>(tensor.size(1))};
}

// A layer's weight as a tensor [outputs][inputs] that does not own its memory.
at::Tensor WeightOf(const Linear& layer) {
  return at::from_blob(const_cast<float*>(layer.weight.data()), {layer.outputs, layer.inputs});
}

// The weights, arranged for products of [rows][inputs] x [inputs][outputs]. Layers that are added
// to the same sum are stacked into one product, their inputs lying side by side: the first layer's
// reference columns and fc_c[0], then fc_1[i] and fc_c[i + 1].
struct PackedField {
  explicit PackedField(const FieldWeights& weights) {
    const FieldShape& shape = weights.shape;
    const at::Tensor reference = WeightOf(weights.fc_p).slice(1, 0, shape.embedding_size());
    first = at::cat({WeightOf(weights.fc_c[0]), reference}, 1).t().contiguous();
    std::vector<float> bias(shape.hidden, 0.0f);
    for (int i = 0; i < shape.blocks; ++i) {
      const bool last = i + 1 == shape.blocks;
      enter_bias.push_back(bias);
      fc_0.push_back(WeightOf(weights.fc_0[i]).t().contiguous());
      const at::Tensor fc_1 = WeightOf(weights.fc_1[i]);
      const at::Tensor leaving = last ? fc_1 : at::cat({WeightOf(weights.fc_c[i + 1]), fc_1}, 1);
      leave.push_back(leaving.t().contiguous());
      for (int h = 0; h < shape.hidden; ++h) {
        bias[h] += weights.fc_1[i].bias[h] + (last ? 0.0f : weights.fc_c[i + 1].bias[h]);
      }
    }
    leave_bias = bias;
  }

  at::Tensor first;               // [C + 4F + 2][H]
  std::vector<at::Tensor> fc_0;   // [H][H]
  std::vector<at::Tensor> leave;  // [C + H][H], the last [H][H]
  // Biases of the layers added to `net` so far, which `net` itself leaves out: at the entry of each
  // block, and at the end.
  std::vector<std::vector<float>> enter_bias;
  std::vector<float> leave_bias;
};

// The activations of one block of rows. With `keep` each residual block has buffers of its own, for
// the backward pass; without, they share one.
struct Activations {
  Activations(const FieldShape& shape, int rows, bool keep) : capacity(rows) {
    const int width = RoundUp(shape.channels + std::max(shape.hidden, shape.embedding_size()), 16);
    net = at::empty({rows, shape.hidden});
    const int copies = keep ? shape.blocks : 1;
    for (int i = 0; i < copies; ++i) {
      entered.push_back(at::empty({rows, shape.hidden}));
      inputs.push_back(at::empty({rows, width}));
    }
    if (keep) {
      net_slope = at::empty({rows, shape.hidden});
      slope = at::empty({rows, shape.hidden});
      hidden_slope = at::empty({rows, shape.hidden});
      phi_slope = at::empty({rows, shape.channels});
    }
  }

  const at::Tensor& Entered(int block) const { return entered[block % entered.size()]; }
  const at::Tensor& Inputs(int block) const { return inputs[block % inputs.size()]; }

  int capacity;
  at::Tensor net;                   // [rows][H]
  std::vector<at::Tensor> entered;  // [rows][H]: relu(net) at a block's entry
  std::vector<at::Tensor> inputs;   // [rows][C + ...]: phi, then gamma or relu(fc_0)
  at::Tensor net_slope, slope, hidden_slope, phi_slope;  // d score / d ..., with `keep` only
};

struct Workspace : FieldWorkspace {
  explicit Workspace(const FieldShape& shape)
      : scoring(shape, kScoreRows, false), gradient(shape, kGradientRows, true) {}
  Activations scoring;
  Activations gradient;
};

class TorchField : public CpuField {
 public:
  explicit TorchField(FieldWeights weights) : weights_(std::move(weights)), packed_(weights_) {}

  const FieldWeights& weights() const override { return weights_; }

  std::unique_ptr<FieldWorkspace> NewWorkspace() const override {
    return std::make_unique<Workspace>(weights_.shape);
  }

  void Score(const FieldQueries& queries, FieldWorkspace* workspace, float* scores) const override {
    const c10::InferenceMode no_gradients;
    Activations& buffers = static_cast<Workspace*>(workspace)->scoring;
    ForEachBlock(queries, buffers.capacity, [&](std::size_t begin, const FieldQueries& block) {
      Forward(block, buffers, scores + begin);
    });
  }

  void LossGradient(const FieldQueries& queries, FieldWorkspace* workspace,
                    Vec2* gradients) const override {
    const c10::InferenceMode no_gradients;
    Activations& buffers = static_cast<Workspace*>(workspace)->gradient;
    std::vector<float> scores(buffers.capacity);
    ForEachBlock(queries, buffers.capacity, [&](std::size_t begin, const FieldQueries& block) {
      Forward(block, buffers, scores.data());
      Backward(static_cast<int>(block.reference.size()), buffers);
      FinishGradients(block, scores.data(), RowsOf(buffers.phi_slope), gradients + begin);
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

  // The first `rows` rows of `buffer`, columns [begin, begin + columns).
  static at::Tensor Part(const at::Tensor& buffer, int rows, int begin, int columns) {
    return buffer.as_strided({rows, columns}, {buffer.stride(0), 1}, begin);
  }

  void Forward(const FieldQueries& queries, const Activations& buffers, float* scores) const {
    const int count = static_cast<int>(queries.reference.size());
    const int rows = RoundUp(count, kRowsMultiple);
    const FieldShape& shape = weights_.shape;
    const int channels = shape.channels;
    const at::Tensor& inputs = buffers.Inputs(0);
    FillInputs(queries, shape.embedding(), RowsOf(inputs), RowsOf(buffers.net));
    ClearRows(RowsOf(inputs), count, rows);
    ClearRows(RowsOf(buffers.net), count, rows);
    at::Tensor net = Part(buffers.net, rows, 0, shape.hidden);
    at::addmm_out(net, net, Part(inputs, rows, 0, channels + shape.embedding_size()),
                  packed_.first);
    for (int i = 0; i < shape.blocks; ++i) RunBlock(i, rows, buffers, net);
    const Rows activated = RowsOf(buffers.net);
    AddBiasRelu(activated, packed_.leave_bias.data(), rows, activated);
    ScoreRows(activated, weights_.fc_out.weight.data(), weights_.fc_out.bias[0], count, scores);
  }

  void RunBlock(int i, int rows, const Activations& buffers, at::Tensor& net) const {
    const int channels = weights_.shape.channels;
    const int hidden = weights_.shape.hidden;
    const bool last = i + 1 == weights_.shape.blocks;
    const at::Tensor& inputs = buffers.Inputs(i);
    if (i > 0 && inputs.data_ptr() != buffers.Inputs(0).data_ptr()) {
      Part(inputs, rows, 0, channels).copy_(Part(buffers.Inputs(0), rows, 0, channels));
    }
    const Rows entered = RowsOf(buffers.Entered(i));
    AddBiasRelu(RowsOf(buffers.net), packed_.enter_bias[i].data(), rows, entered);
    at::Tensor inner = Part(inputs, rows, channels, hidden);
    at::mm_out(inner, Part(buffers.Entered(i), rows, 0, hidden), packed_.fc_0[i]);
    AddBiasRelu(RowsOf(inner), weights_.fc_0[i].bias.data(), rows, RowsOf(inner));
    at::addmm_out(net, net, last ? inner : Part(inputs, rows, 0, channels + hidden),
                  packed_.leave[i]);
  }

  // From the activations that Forward() left to d score / d phi.
  void Backward(int count, const Activations& buffers) const {
    const int rows = RoundUp(count, kRowsMultiple);
    const FieldShape& shape = weights_.shape;
    MaskWeights(weights_.fc_out.weight.data(), RowsOf(buffers.net), rows,
                RowsOf(buffers.net_slope));
    const at::Tensor net_slope = Part(buffers.net_slope, rows, 0, shape.hidden);
    at::Tensor hidden_slope = Part(buffers.hidden_slope, rows, 0, shape.hidden);
    at::Tensor slope = Part(buffers.slope, rows, 0, shape.hidden);
    at::Tensor phi_slope = Part(buffers.phi_slope, rows, 0, shape.channels);
    phi_slope.zero_();
    for (int i = shape.blocks - 1; i >= 0; --i) {
      const at::Tensor inner = Part(buffers.Inputs(i), rows, shape.channels, shape.hidden);
      at::mm_out(hidden_slope, net_slope, WeightOf(weights_.fc_1[i]));
      MaskRows(RowsOf(hidden_slope), RowsOf(inner), rows, RowsOf(hidden_slope));
      at::mm_out(slope, hidden_slope, WeightOf(weights_.fc_0[i]));
      AddMaskedRows(RowsOf(slope), RowsOf(buffers.Entered(i)), rows, RowsOf(net_slope));
      at::addmm_out(phi_slope, phi_slope, net_slope, WeightOf(weights_.fc_c[i]));
    }
  }

  const FieldWeights weights_;
  const PackedField packed_;
};

}  // namespace

std::unique_ptr<CpuField> CpuField::Create(FieldWeights weights) {
  const c10::InferenceMode no_gradients;
  return std::make_unique<TorchField>(std::move(weights));
}

}  // namespace nemf
