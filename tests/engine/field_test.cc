#include "server/engine/cpu/field.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "server/engine/device/torch_support.h"
#include "tests/engine/naive_field.h"
#include "tests/engine/test_models.h"

namespace nemf {
namespace {

using testing::NaiveField;
using testing::Point2;
using testing::Random;

constexpr int kGrid = testing::kTestGrid;

// Random queries on a random field.
class FieldTest : public ::testing::TestWithParam<int> {
 protected:
  static constexpr int kPoints = 5000;

  FieldTest() : random_(23) {
    SetTorchThreads(1);
    FieldShape shape = testing::SmallShape();
    shape.hidden = GetParam();
    field_ = cpu::Field::Create(testing::RandomWeights(shape, 9));
    workspace_ = field_->NewWorkspace();
    phi_ = random_.Vector(kGrid * kGrid * kGrid * kGrid * shape.channels, 2.0f);
    table_ = MakePointTable(field_->weights(), random_.Vector(37), random_.Vector(29));
    for (int i = 0; i < kPoints; ++i) {
      reference_.push_back({1.1f * random_.Next(), 1.1f * random_.Next()});
      query_.push_back({random_.Below(37), random_.Below(29)});
    }
  }

  PhiView phi() const { return {phi_.data(), kGrid, field_->weights().shape.channels}; }
  cpu::FieldQueries Queries(int begin, int count) const {
    return cpu::FieldQueries{phi(), &table_, reference_, query_}.Part(begin, count);
  }
  std::vector<float> Score(const cpu::FieldQueries& queries) {
    std::vector<float> scores(queries.reference.size());
    field_->Score(queries, workspace_.get(), scores.data());
    return scores;
  }
  std::vector<Vec2> Gradient(const cpu::FieldQueries& queries) {
    std::vector<Vec2> gradients(queries.reference.size());
    field_->LossGradient(queries, workspace_.get(), gradients.data());
    return gradients;
  }

  Random random_;
  std::unique_ptr<cpu::Field> field_;
  std::unique_ptr<cpu::FieldWorkspace> workspace_;
  std::vector<float> phi_;
  PointTable table_;
  std::vector<Vec2> reference_;
  std::vector<TableIndex> query_;
};

TEST_P(FieldTest, ScoresEqualTheFormulas) {
  const NaiveField naive(field_->weights(), phi());
  const std::vector<float> scores = Score(Queries(0, kPoints));
  for (int i = 0; i < kPoints; i += 7) {
    const Vec2 p = reference_[i];
    const double expected = naive.Score(p, {p.x, p.y}, table_.point(query_[i]));
    ASSERT_NEAR(scores[i], expected, 2e-5 * (1 + std::abs(expected))) << i;
  }
}

TEST_P(FieldTest, GradientsEqualFiniteDifferencesThroughPhi) {
  constexpr int kCount = 300;
  const NaiveField naive(field_->weights(), phi());
  const std::vector<Vec2> gradients = Gradient(Queries(0, kCount));
  int close = 0;
  for (int i = 0; i < kCount; ++i) {
    const Vec2 p = reference_[i];
    const double step = 1e-7;
    const auto loss = [&](Point2 read) {
      return std::log1p(std::exp(-naive.Score(p, read, table_.point(query_[i]))));
    };
    const double dx = (loss({p.x + step, p.y}) - loss({p.x - step, p.y})) / (2 * step);
    const double dy = (loss({p.x, p.y + step}) - loss({p.x, p.y - step})) / (2 * step);
    const double error = std::hypot(gradients[i].x - dx, gradients[i].y - dy);
    close += error <= 1e-4 * (0.1 + std::hypot(dx, dy));
  }
  // Few points lie on a ReLU's kink or a cell's border within float32 rounding.
  EXPECT_GE(close, kCount * 98 / 100) << "of " << kCount;
}

TEST_P(FieldTest, AQuerysBitsDoNotDependOnItsCompany) {
  const std::vector<float> together = Score(Queries(0, kPoints));
  const std::vector<Vec2> gradients = Gradient(Queries(0, kPoints));
  for (int n = 0; n < 150; ++n) {
    const int count = 1 + random_.Below(n % 10 == 0 ? 3000 : 700);
    const int begin = random_.Below(kPoints - count);
    const std::vector<float> part = Score(Queries(begin, count));
    ASSERT_EQ(std::memcmp(part.data(), &together[begin], count * sizeof(float)), 0)
        << "rows " << begin << " + " << count;
    const std::vector<Vec2> part_gradients = Gradient(Queries(begin, count));
    ASSERT_EQ(std::memcmp(part_gradients.data(), &gradients[begin], count * sizeof(Vec2)), 0)
        << "rows " << begin << " + " << count;
  }
}

INSTANTIATE_TEST_SUITE_P(Hidden, FieldTest, ::testing::Values(24, 64, 256));

}  // namespace
}  // namespace nemf
