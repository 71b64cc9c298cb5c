#ifndef NEMF_SERVER_ENGINE_CUDA_KERNELS_NETWORK_KERNELS_H_
#define NEMF_SERVER_ENGINE_CUDA_KERNELS_NETWORK_KERNELS_H_

#include "server/engine/cuda/kernels/views.h"
#include "server/engine/math/embedding.h"
#include "server/engine/math/layers.h"

// The matching field over a row block, between its matrix products (docs/algorithm.md, sections 3.2
// to 3.4; cpu/field_kernels.h does the same on the CPU). A kernel is a function of an index, called
// for 0 .. n - 1 in any order. Kernels read the row block from the device's memory, so that one
// recording serves all row blocks.
namespace nemf::cuda {

// Writes the row block that the following kernels work on; one call.
struct SetRowBlock {
  RowBlockView value;
  RowBlockView* row_block;

  NEMF_HD void operator()(int) const { *row_block = value; }
};

// By row and group of channels (row * groups + group): inputs[row][0 .. C) = phi, 0 in padding.
struct FillPhi {
  static constexpr int kGroup = 4;  // channels that share the search for their corners

  const RowBlockView* row_block;
  MutableValues inputs;
  int stride;
  int channels;

  NEMF_HD static int Groups(int channels) { return (channels + kGroup - 1) / kGroup; }

  NEMF_HD void operator()(int i) const {
    const int groups = Groups(channels);
    const int row = i / groups;
    const int begin = i % groups * kGroup;
    const int end = begin + kGroup < channels ? begin + kGroup : channels;
    const std::size_t out = static_cast<std::size_t>(row) * stride;
    if (row >= row_block->count) {
      for (int c = begin; c < end; ++c) inputs.Set(out + c, 0.0f);
      return;
    }
    const PhiCorners corners = CornersOfRow(*row_block, row);
    const Values phi = row_block->items[row_block->rows.item[row_block->begin + row]].pair.phi;
    for (int c = begin; c < end; ++c) inputs.Set(out + c, InterpolateChannel(phi, corners, c));
  }
};

// By row and angle (row * (2 F + 1) + j): inputs[row][C .. C + 4 F + 2) = gamma(reference), as
// EmbedPoint() lays it out; j < 2 F is a frequency of x, then of y, the last j the coordinates.
struct FillGamma {
  const RowBlockView* row_block;
  MutableValues inputs;
  int stride;
  int channels;
  EmbeddingView embedding;  // its frequencies on the device

  NEMF_HD void operator()(int i) const {
    const int count = embedding.count;
    const int row = i / (2 * count + 1);
    const int j = i % (2 * count + 1);
    const Vec2 point = row < row_block->count ? row_block->rows.reference[row_block->begin + row]
                                              : Vec2{0.0f, 0.0f};
    const float ux = point.x * embedding.scale + embedding.offset;
    const float uy = point.y * embedding.scale + embedding.offset;
    const std::size_t out = static_cast<std::size_t>(row) * stride + channels;
    if (j == 2 * count) {
      inputs.Set(out + 4 * count, ux);
      inputs.Set(out + 4 * count + 1, uy);
      return;
    }
    const float u = j < count ? ux : uy;
    const SinCosValues values = SinCos(u * embedding.frequencies[j % count]);
    inputs.Set(out + j, values.sin);
    inputs.Set(out + 2 * count + j, values.cos);
  }
};

// By row and column (row * columns + h): net = the query's part of the first layer, 0 in padding.
struct FillNet {
  const RowBlockView* row_block;
  MutableValues net;
  int columns;

  NEMF_HD void operator()(int i) const {
    const int row = i / columns;
    const int h = i % columns;
    float value = 0.0f;
    if (row < row_block->count) {
      const int at = row_block->begin + row;
      const PointTableView& table = row_block->items[row_block->rows.item[at]].table;
      const TableIndex index = row_block->rows.query[at];
      value = table.x_hidden[static_cast<std::size_t>(index.x) * columns + h] +
              table.y_hidden[static_cast<std::size_t>(index.y) * columns + h];
    }
    net.Set(i, value);
  }
};

// By row and column: out = relu(in + bias).
struct AddBiasRelu {
  Values in;
  const float* bias;
  MutableValues out;
  int columns;

  NEMF_HD void operator()(int i) const { out.Set(i, Relu(in[i] + bias[i % columns])); }
};

// By row: the score, offset + <weight, relu(net + bias)>; nothing in padding.
struct ScoreRows {
  const RowBlockView* row_block;
  Values net;
  const float* bias;
  const float* weight;
  float offset;
  int columns;

  NEMF_HD void operator()(int row) const {
    if (row >= row_block->count) return;
    const Values values = net + static_cast<std::size_t>(row) * columns;
    row_block->rows.scores[row_block->begin + row] =
        ActivatedProduct(values, bias, weight, columns, offset);
  }
};

// By row and column: out = d score / d net: the weight where relu(net + bias) > 0.
struct MaskWeights {
  Values net;
  const float* bias;
  const float* weight;
  MutableValues out;
  int columns;

  NEMF_HD void operator()(int i) const {
    const int h = i % columns;
    out.Set(i, Relu(net[i] + bias[h]) > 0.0f ? weight[h] : 0.0f);
  }
};

// By number: values = 0 where gate is not > 0.
struct MaskRows {
  Values gate;
  MutableValues values;

  NEMF_HD void operator()(int i) const {
    if (!(gate[i] > 0.0f)) values.Set(i, 0.0f);
  }
};

// By number: sum += in where gate > 0.
struct AddMasked {
  Values in;
  Values gate;
  MutableValues sum;

  NEMF_HD void operator()(int i) const {
    if (gate[i] > 0.0f) sum.Set(i, sum.view()[i] + in[i]);
  }
};

// By row and corner of the reference (4 row + r): products[row][r] = <d score / d phi, Phi at the
// corner>, 0 in padding.
struct CornerProducts {
  const RowBlockView* row_block;
  Values phi_slope;  // [rows][channels]
  float* products;   // [rows][4]

  NEMF_HD void operator()(int i) const {
    const int row = i / 4;
    const int r = i % 4;
    float product = 0.0f;
    if (row < row_block->count) {
      const PairView& pair = row_block->items[row_block->rows.item[row_block->begin + row]].pair;
      const PhiCorners corners = CornersOfRow(*row_block, row);
      product = CornerProduct(corners, pair.channels, pair.phi + corners.reference[r],
                              phi_slope + static_cast<std::size_t>(row) * pair.channels);
    }
    products[i] = product;
  }
};

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_KERNELS_NETWORK_KERNELS_H_
