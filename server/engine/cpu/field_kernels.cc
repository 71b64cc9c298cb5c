#include "server/engine/cpu/field_kernels.h"

#include <algorithm>
#include <cstddef>

#include "server/engine/math/adam.h"
#include "server/engine/math/layers.h"

namespace nemf::cpu {

void FillInputs(const FieldQueries& queries, const EmbeddingView& embedding, Rows inputs,
                Rows hidden) {
  const PointTable& table = *queries.table;
  for (std::size_t i = 0; i < queries.reference.size(); ++i) {
    const Vec2 reference = queries.reference[i];
    const TableIndex index = queries.query[i];
    float* row = inputs.row(static_cast<int>(i));
    InterpolatePhi(queries.phi, FindCorners(queries.phi, reference, table.point(index)), row);
    EmbedPoint(embedding, reference, row + queries.phi.channels);
    const float* x = table.x_hidden.data() + static_cast<std::size_t>(index.x) * hidden.columns;
    const float* y = table.y_hidden.data() + static_cast<std::size_t>(index.y) * hidden.columns;
    float* __restrict out = hidden.row(static_cast<int>(i));
    for (int h = 0; h < hidden.columns; ++h) out[h] = x[h] + y[h];
  }
}

void ClearRows(Rows rows, int begin, int end) {
  for (int i = begin; i < end; ++i) std::fill_n(rows.row(i), rows.columns, 0.0f);
}

void CopyColumns(Rows in, int count, Rows out) {
  for (int i = 0; i < count; ++i) std::copy_n(in.row(i), out.columns, out.row(i));
}

void ReluRows(Rows in, int count, Rows out) {
  for (int i = 0; i < count; ++i) {
    const float* from = in.row(i);
    float* __restrict to = out.row(i);
    for (int h = 0; h < in.columns; ++h) to[h] = Relu(from[h]);
  }
}

void ScoreRows(Rows rows, const float* weight, float bias, int count, float* scores) {
  // The sum's order is fixed by hand, in lanes that fill a vector register.
  constexpr int kLanes = 16;
  const int whole = rows.columns / kLanes * kLanes;
  for (int i = 0; i < count; ++i) {
    const float* row = rows.row(i);
    float lanes[kLanes] = {};
    for (int h = 0; h < whole; h += kLanes) {
      for (int lane = 0; lane < kLanes; ++lane) {
        lanes[lane] += Relu(row[h + lane]) * weight[h + lane];
      }
    }
    float sum = bias;
    for (int h = whole; h < rows.columns; ++h) sum += Relu(row[h]) * weight[h];
    for (const float lane : lanes) sum += lane;
    scores[i] = sum;
  }
}

void MaskWeights(const float* weight, Rows mask, int count, Rows out) {
  for (int i = 0; i < count; ++i) {
    const float* gate = mask.row(i);
    float* __restrict to = out.row(i);
    for (int h = 0; h < out.columns; ++h) to[h] = gate[h] > 0.0f ? weight[h] : 0.0f;
  }
}

void MaskRows(Rows in, Rows mask, int count, Rows out) {
  for (int i = 0; i < count; ++i) {
    const float* from = in.row(i);
    const float* gate = mask.row(i);
    float* to = out.row(i);
    for (int h = 0; h < out.columns; ++h) to[h] = gate[h] > 0.0f ? from[h] : 0.0f;
  }
}

void AddMaskedRows(Rows in, Rows mask, int count, Rows sum) {
  for (int i = 0; i < count; ++i) {
    const float* from = in.row(i);
    const float* gate = mask.row(i);
    float* __restrict to = sum.row(i);
    for (int h = 0; h < sum.columns; ++h) to[h] += gate[h] > 0.0f ? from[h] : 0.0f;
  }
}

void LossGradients(const FieldQueries& queries, const float* scores, Rows slopes, Vec2* gradients) {
  for (std::size_t i = 0; i < queries.reference.size(); ++i) {
    const Vec2 query = queries.table->point(queries.query[i]);
    const PhiCorners corners = FindCorners(queries.phi, queries.reference[i], query);
    const Vec2 slope = InterpolationGradient(queries.phi, corners, slopes.row(static_cast<int>(i)));
    const float loss = LossSlope(scores[i]);
    gradients[i] = {loss * slope.x, loss * slope.y};
  }
}

}  // namespace nemf::cpu
