#include "server/engine/cuda/batch.h"

#include <algorithm>

#include "server/engine/math/search.h"
#include "server/engine/math/upsample.h"

namespace nemf {

BatchKind KindOf(const WorkItem& piece) {
  if (piece.phase < Phase::kPatchMatch) return BatchKind::kNone;
  if (piece.phase == Phase::kPatchMatch) return BatchKind::kPatchMatch;
  const bool upsamples = piece.phase == Phase::kRefine && piece.plan->strided();
  return upsamples ? BatchKind::kUpsample : BatchKind::kOptimize;
}

int NumItems(const Batch& batch) {
  int items = 0;
  for (const Part& part : batch) items += part.size();
  return items;
}

int RowsOfItem(const WorkItem& piece) {
  switch (KindOf(piece)) {
    case BatchKind::kPatchMatch:
      return std::max(kMaxCandidates, piece.plan->options.search_candidates);
    case BatchKind::kUpsample:
      return kMaxUpsampleCandidates;
    case BatchKind::kOptimize:
    case BatchKind::kNone:
      break;
  }
  return 1;
}

std::vector<Batch> CutIntoBatches(absl::Span<WorkItem> pieces, BatchKind kind, int max_rows) {
  std::vector<Batch> batches;
  int room = 0;  // rows left in the last batch
  for (WorkItem& piece : pieces) {
    if (KindOf(piece) != kind) continue;
    const int rows = RowsOfItem(piece);
    for (int begin = piece.begin; begin < piece.end;) {
      if (room < rows) {
        batches.emplace_back();
        room = max_rows;
      }
      const int end = std::min(piece.end, begin + room / rows);
      batches.back().push_back({&piece, begin, end});
      room -= (end - begin) * rows;
      begin = end;
    }
  }
  return batches;
}

}  // namespace nemf
