#ifndef NEMF_TESTS_BENCH_FIELD_METER_H_
#define NEMF_TESTS_BENCH_FIELD_METER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/engine/cpu/field.h"
#include "server/engine/cpu/thread_team.h"

namespace nemf::bench {

// Measures how many queries of a bundle's field the CPU answers in a second, as PatchMatch asks
// them: row after row of a 512 x 512 query, reference points scattered around the same place.
class FieldMeter {
 public:
  // Takes the field of the bundle in `directory`; Phi is random.
  static absl::StatusOr<std::unique_ptr<FieldMeter>> Load(const std::string& directory,
                                                          int threads);

  // Queries answered per second, over about `seconds`.
  absl::StatusOr<double> QueriesPerSecond(double seconds);

  // Floating-point operations of one evaluation: all layers, without the savings of the engine.
  double flops_per_query() const;

 private:
  FieldMeter(FieldWeights weights, int grid, int threads);

  std::unique_ptr<cpu::Field> field_;
  const int grid_;
  std::vector<float> phi_;
  PointTable table_;
  std::vector<Vec2> reference_;
  std::vector<TableIndex> query_;
  std::vector<std::unique_ptr<cpu::FieldWorkspace>> workspaces_;  // one a worker
  cpu::ThreadTeam team_;
};

}  // namespace nemf::bench

#endif  // NEMF_TESTS_BENCH_FIELD_METER_H_
