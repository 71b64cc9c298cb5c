#ifndef NEMF_SERVER_ENGINE_CPU_FIELD_H_
#define NEMF_SERVER_ENGINE_CPU_FIELD_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "server/engine/bundle/field_weights.h"
#include "server/engine/matching/point_table.h"
#include "server/engine/math/interpolation.h"

namespace nemf::cpu {

// Points to score, of one pair: reference[i] (normalised) against query[i] of `table`.
struct FieldQueries {
  PhiView phi;
  const PointTable* table;
  absl::Span<const Vec2> reference;
  absl::Span<const TableIndex> query;  // of the same length

  FieldQueries Part(std::size_t begin, std::size_t count) const {
    return {phi, table, reference.subspan(begin, count), query.subspan(begin, count)};
  }
};

// One thread's memory for field evaluations. Made by Field and reused from call to call.
class FieldWorkspace {
 public:
  virtual ~FieldWorkspace() = default;
};

// The matching field on the CPU. It works on blocks of rows that stay in a core's cache. The number
// of rows is padded to a multiple, so that a matrix product gives a row the same bits whatever the
// other rows are. Products run on the calling thread if LibTorch's thread count is 1 there. Threads
// may call it at the same time, each with its own workspace. Throws if memory runs short.
class Field {
 public:
  virtual ~Field() = default;

  virtual const FieldWeights& weights() const = 0;
  virtual std::unique_ptr<FieldWorkspace> NewWorkspace() const = 0;

  // Computes the scores (logits) of the points -> scores [points].
  virtual void Score(const FieldQueries& queries, FieldWorkspace* workspace,
                     float* scores) const = 0;

  // Computes the gradient of each point's loss -log sigmoid(score) with respect to its reference
  // point -> gradients [points]. It flows through the interpolated Phi alone: the harmonic
  // embedding is held constant.
  virtual void LossGradient(const FieldQueries& queries, FieldWorkspace* workspace,
                            Vec2* gradients) const = 0;

  static std::unique_ptr<Field> Create(FieldWeights weights);
};

}  // namespace nemf::cpu

#endif  // NEMF_SERVER_ENGINE_CPU_FIELD_H_
