#ifndef NEMF_SERVER_ENGINE_CPU_FIELD_KERNELS_H_
#define NEMF_SERVER_ENGINE_CPU_FIELD_KERNELS_H_

#include "server/engine/cpu/field.h"

// The parts of the field between its matrix products, over a block of rows. A row's result depends
// on the row alone.
namespace nemf::cpu {

// Rows of `columns` floats, `stride` floats apart.
struct Rows {
  float* data;
  int stride;
  int columns;

  float* row(int i) const { return data + static_cast<std::ptrdiff_t>(i) * stride; }
};

// Writes the inputs of the first layer: an inputs row is phi [C], gamma(reference) [4F + 2]; a
// hidden row [H] is the query's part of the first layer.
void FillInputs(const FieldQueries& queries, const EmbeddingView& embedding, Rows inputs,
                Rows hidden);

// Sets rows [begin, end) to zero.
void ClearRows(Rows rows, int begin, int end);

// out = the first out.columns columns of `in`, for `count` rows.
void CopyColumns(Rows in, int count, Rows out);

// out = relu(in) for `count` rows.
void ReluRows(Rows in, int count, Rows out);

// scores[i] = bias + <weight, relu(row i)> for `count` rows.
void ScoreRows(Rows rows, const float* weight, float bias, int count, float* scores);

// out = weight where mask > 0, else 0, for `count` rows: weight [columns].
void MaskWeights(const float* weight, Rows mask, int count, Rows out);

// out = in where mask > 0, else 0, for `count` rows.
void MaskRows(Rows in, Rows mask, int count, Rows out);

// sum += in where mask > 0, for `count` rows.
void AddMaskedRows(Rows in, Rows mask, int count, Rows sum);

// Computes the gradient of each point's loss with respect to its reference point, from its score
// and d score / d phi (rows of `slopes`).
void LossGradients(const FieldQueries& queries, const float* scores, Rows slopes, Vec2* gradients);

}  // namespace nemf::cpu

#endif  // NEMF_SERVER_ENGINE_CPU_FIELD_KERNELS_H_
