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

// Field queries to be answered, one pair's: reference[i] (normalised) against query[i] of `table`.
struct FieldQueries {
  PhiView phi;
  const PointTable* table;
  absl::Span<const Vec2> reference;
  absl::Span<const TableIndex> query;  // as many

  FieldQueries Part(std::size_t begin, std::size_t count) const {
    return {phi, table, reference.subspan(begin, count), query.subspan(begin, count)};
  }
};

// The memory of one thread's field evaluations; made by Field, reused from call to call.
class FieldWorkspace {
 public:
  virtual ~FieldWorkspace() = default;
};

// The matching field on the CPU. Rows go through it in blocks that stay in a core's cache and whose
// row counts are padded to multiples: with that a matrix product gives a row the same bits
// whatever its company. Products run on the calling thread if LibTorch's thread count is 1 there;
// any number of threads may call, each with its own workspace. Failures (memory) throw.
class Field {
 public:
  virtual ~Field() = default;

  virtual const FieldWeights& weights() const = 0;
  virtual std::unique_ptr<FieldWorkspace> NewWorkspace() const = 0;

  // The queries' scores (logits) -> scores [queries].
  virtual void Score(const FieldQueries& queries, FieldWorkspace* workspace,
                     float* scores) const = 0;

  // The gradient of each query's loss -log sigmoid(score) in its reference point, through the
  // interpolated Phi alone: the harmonic embedding is held constant -> gradients [queries].
  virtual void LossGradient(const FieldQueries& queries, FieldWorkspace* workspace,
                            Vec2* gradients) const = 0;

  static std::unique_ptr<Field> Create(FieldWeights weights);
};

}  // namespace nemf::cpu

#endif  // NEMF_SERVER_ENGINE_CPU_FIELD_H_
