#include "server/engine/matching/point_table.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace nemf {

namespace {

// fc_p's columns of the query's embedding along one axis, transposed.
std::vector<float> AxisColumns(const FieldWeights& weights, int axis) {
  const FieldShape& shape = weights.shape;
  const int count = static_cast<int>(shape.frequencies.size());
  std::vector<float> columns;
  const auto append = [&](int begin, int size) {
    for (int i = begin; i < begin + size; ++i) {
      const float* column = weights.fc_p.weight.data() + shape.embedding_size() + i;
      for (int h = 0; h < shape.hidden; ++h) columns.push_back(column[h * weights.fc_p.inputs]);
    }
  };
  append(axis * count, count);
  append((2 + axis) * count, count);
  append(4 * count + axis, 1);
  return columns;
}

std::vector<float> SumBiases(const FieldWeights& weights) {
  std::vector<float> sums(weights.shape.hidden);
  for (int h = 0; h < weights.shape.hidden; ++h) {
    sums[h] = weights.fc_p.bias[h] + weights.fc_c[0].bias[h];
  }
  return sums;
}

}  // namespace

QueryLayer::QueryLayer(const FieldWeights& weights)
    : shape_(weights.shape),
      biases_(SumBiases(weights)),
      columns_{AxisColumns(weights, 0), AxisColumns(weights, 1)} {}

void QueryLayer::FillRows(int axis, const float* coordinates, int count, float* rows) const {
  const EmbeddingView embedding = shape_.embedding();
  std::vector<float> values(2 * embedding.count + 1);
  for (int i = 0; i < count; ++i) {
    const float u = coordinates[i] * shape_.scale + shape_.offset;
    EmbedAxis(embedding, u, values.data(), values.data() + embedding.count);
    values.back() = u;
    float* row = rows + static_cast<std::size_t>(i) * shape_.hidden;
    if (axis == 0) {
      std::copy(biases_.begin(), biases_.end(), row);
    } else {
      std::fill_n(row, shape_.hidden, 0.0f);
    }
    for (std::size_t j = 0; j < values.size(); ++j) {
      const float* column = columns_[axis].data() + j * shape_.hidden;
      for (int h = 0; h < shape_.hidden; ++h) row[h] += values[j] * column[h];
    }
  }
}

PointTable MakePointTable(const FieldWeights& weights, std::vector<float> x, std::vector<float> y) {
  const QueryLayer layer(weights);
  PointTable table;
  table.x_hidden.resize(x.size() * layer.hidden());
  table.y_hidden.resize(y.size() * layer.hidden());
  layer.FillRows(0, x.data(), static_cast<int>(x.size()), table.x_hidden.data());
  layer.FillRows(1, y.data(), static_cast<int>(y.size()), table.y_hidden.data());
  table.x = std::move(x);
  table.y = std::move(y);
  return table;
}

}  // namespace nemf
