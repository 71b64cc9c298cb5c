#include "server/engine/matching/point_table.h"

#include <cstddef>
#include <utility>

namespace nemf {

namespace {

// fc_p's columns of the query's embedding along one axis (0: x, 1: y), transposed:
// [2F + 1][H], for sin(u f), cos(u f), u.
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

// Adds the columns, weighted with the embedding of each coordinate, to the rows of out [n][H].
void AddAxis(const FieldShape& shape, const std::vector<float>& coordinates,
             const std::vector<float>& columns, std::vector<float>* out) {
  const EmbeddingView embedding = shape.embedding();
  std::vector<float> values(2 * embedding.count + 1);
  for (std::size_t i = 0; i < coordinates.size(); ++i) {
    const float u = coordinates[i] * shape.scale + shape.offset;
    EmbedAxis(embedding, u, values.data(), values.data() + embedding.count);
    values.back() = u;
    float* row = out->data() + i * shape.hidden;
    for (std::size_t j = 0; j < values.size(); ++j) {
      const float* column = columns.data() + j * shape.hidden;
      for (int h = 0; h < shape.hidden; ++h) row[h] += values[j] * column[h];
    }
  }
}

}  // namespace

PointTable MakeQueryTable(const FieldWeights& weights, std::vector<float> x, std::vector<float> y) {
  const FieldShape& shape = weights.shape;
  PointTable table;
  table.x = std::move(x);
  table.y = std::move(y);
  table.x_hidden.reserve(table.x.size() * shape.hidden);
  for (std::size_t i = 0; i < table.x.size(); ++i) {
    for (int h = 0; h < shape.hidden; ++h) {
      table.x_hidden.push_back(weights.fc_p.bias[h] + weights.fc_c[0].bias[h]);
    }
  }
  table.y_hidden.assign(table.y.size() * shape.hidden, 0.0f);
  AddAxis(shape, table.x, AxisColumns(weights, 0), &table.x_hidden);
  AddAxis(shape, table.y, AxisColumns(weights, 1), &table.y_hidden);
  return table;
}

}  // namespace nemf
