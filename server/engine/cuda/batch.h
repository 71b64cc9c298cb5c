#ifndef NEMF_SERVER_ENGINE_CUDA_BATCH_H_
#define NEMF_SERVER_ENGINE_CUDA_BATCH_H_

#include <vector>

#include "absl/types/span.h"
#include "server/engine/matching/backend.h"

namespace nemf {

// WorkItems that are done by the same kernels.
enum class BatchKind {
  kNone,        // preparation and snapshots, which need no field evaluations
  kPatchMatch,  // an iteration on slots
  kOptimize,    // the optimiser on slots, or on the points of a plan that is not strided
  kUpsample,    // the points of a strided plan
};

BatchKind KindOf(const WorkItem& piece);

// The slots or points [begin, end) of a piece.
struct Part {
  WorkItem* piece;
  int begin;
  int end;

  int size() const { return end - begin; }
};

// Parts, of any tasks, that go through the kernels together; an item is a slot or point of theirs.
using Batch = std::vector<Part>;

int NumItems(const Batch& batch);

// Rows of field queries that an item of the piece needs at a time, at most.
int RowsOfItem(const WorkItem& piece);

// The pieces of one kind, cut so that a batch needs at most `max_rows` rows (at least 16).
std::vector<Batch> CutIntoBatches(absl::Span<WorkItem> pieces, BatchKind kind, int max_rows);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CUDA_BATCH_H_
