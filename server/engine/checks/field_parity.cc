#include "server/engine/checks/field_parity.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/engine/bundle/field_weights.h"
#include "server/engine/math/philox.h"

namespace nemf {

namespace {

constexpr int kQueries = 100;  // not a multiple of the field's blocks
constexpr int kGrid = 3;
// Of the largest score. An embedding's angles go up to thousands of radians, where rounding them
// to float32 already costs 1e-4.
constexpr float kTolerance = 2e-3f;

// Returns numbers in [-1, 1) that depend on `stream` alone.
std::vector<float> RandomNumbers(std::size_t count, std::uint32_t stream) {
  std::vector<float> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = SignedUnit(Philox({{static_cast<std::uint32_t>(i), stream, 0, 0}}, 0).word[0]);
  }
  return out;
}

// Queries of random points against a random Phi.
struct RandomQueries {
  explicit RandomQueries(const FieldWeights& weights)
      : phi(RandomNumbers(
            static_cast<std::size_t>(kGrid) * kGrid * kGrid * kGrid * weights.shape.channels, 0)),
        table(MakePointTable(weights, RandomNumbers(kQueries, 1), RandomNumbers(kQueries, 2))) {
    const std::vector<float> x = RandomNumbers(kQueries, 3);
    const std::vector<float> y = RandomNumbers(kQueries, 4);
    for (int i = 0; i < kQueries; ++i) {
      reference.push_back({x[i], y[i]});
      query.push_back({i, i});
    }
  }

  std::vector<float> phi;
  PointTable table;
  std::vector<Vec2> reference;
  std::vector<TableIndex> query;
};

// Returns the module's scores of the same points.
absl::StatusOr<std::vector<float>> AskModule(const std::string& bytes,
                                             const cpu::FieldQueries& queries) {
  const int channels = queries.phi.channels;
  std::vector<float> points;
  std::vector<float> values(queries.reference.size() * channels);
  for (std::size_t i = 0; i < queries.reference.size(); ++i) {
    const Vec2 reference = queries.reference[i];
    const Vec2 query = queries.table->point(queries.query[i]);
    points.insert(points.end(), {reference.x, reference.y, query.x, query.y});
    InterpolatePhi(queries.phi, FindCorners(queries.phi, reference, query), &values[i * channels]);
  }
  return ScriptedScores(bytes, points, values, channels);
}

}  // namespace

absl::Status CheckFieldParity(const cpu::Field& field, const std::string& bytes) {
  const RandomQueries random(field.weights());
  const cpu::FieldQueries queries = {{random.phi.data(), kGrid, field.weights().shape.channels},
                                     &random.table,
                                     random.reference,
                                     random.query};
  std::vector<float> scores(kQueries);
  field.Score(queries, field.NewWorkspace().get(), scores.data());
  const absl::StatusOr<std::vector<float>> expected = AskModule(bytes, queries);
  if (!expected.ok()) return expected.status();
  float largest = 1e-3f;
  float difference = 0;
  for (int i = 0; i < kQueries; ++i) {
    largest = std::max(largest, std::abs((*expected)[i]));
    difference = std::max(difference, std::abs(scores[i] - (*expected)[i]));
    if (!std::isfinite(scores[i])) difference = INFINITY;
  }
  if (difference <= kTolerance * largest) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("its scores differ from the engine's by ", difference, " (largest score ",
                   largest, "): it does not compute the field that model.json describes"));
}

}  // namespace nemf
