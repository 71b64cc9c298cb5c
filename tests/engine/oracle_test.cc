// The engine against nemf_model.matching.match, the method in plain Python; see make_oracle.py.

#include "tests/engine/oracle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "server/engine/bundle/bundle_reader.h"
#include "server/engine/cpu/cpu_task.h"
#include "server/engine/device/torch_support.h"
#include "server/engine/load_model.h"
#include "server/engine/presets.h"
#include "tests/engine/test_models.h"

namespace nemf {
namespace {

using testing::Oracle;
using testing::RunToEnd;

std::string BundleDirectory() { return testing::OracleDirectory() + "/bundles/tiny/1"; }

float LargestDifference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  float largest = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    largest = std::max(largest, std::abs(a[i] - b[i]));
  }
  return largest;
}

// The field's parts at the oracle's random points.
class OraclePoints : public ::testing::Test {
 protected:
  OraclePoints() {
    SetTorchThreads(1);
    const Manifest manifest =
        ParseManifest(ReadFile(BundleDirectory() + "/model.json").value()).value();
    const std::string bytes = ReadVerifiedFile(BundleDirectory(), manifest.field_file).value();
    field_ = cpu::Field::Create(ReadFieldWeights(bytes, manifest.field).value());
    phi_ = oracle_.Floats("main_phi");
    view_ = {phi_.data(), manifest.encoder.grid, manifest.encoder.channels};
    const std::vector<float> points = oracle_.Floats("points");
    for (std::size_t i = 0; i < points.size(); i += 4) {
      reference_.push_back({points[i], points[i + 1]});
      query_.push_back({points[i + 2], points[i + 3]});
    }
  }

  // The points as queries of the field; the table lives as long as the test.
  cpu::FieldQueries Queries() {
    std::vector<float> x, y;
    for (const Vec2& each : query_) {
      x.push_back(each.x);
      y.push_back(each.y);
    }
    table_ = MakePointTable(field_->weights(), x, y);
    for (int i = 0; i < static_cast<int>(query_.size()); ++i) index_.push_back({i, i});
    return {view_, &table_, reference_, index_};
  }

  Oracle oracle_;
  std::unique_ptr<cpu::Field> field_;
  std::vector<float> phi_;
  PhiView view_;
  std::vector<Vec2> reference_;
  std::vector<Vec2> query_;
  PointTable table_;
  std::vector<TableIndex> index_;
};

TEST_F(OraclePoints, InterpolationAgrees) {
  std::vector<float> out(reference_.size() * view_.channels);
  for (std::size_t i = 0; i < reference_.size(); ++i) {
    InterpolatePhi(view_, FindCorners(view_, reference_[i], query_[i]), &out[i * view_.channels]);
  }
  EXPECT_LE(LargestDifference(out, oracle_.Floats("points_phi")), 5e-6f);
}

TEST_F(OraclePoints, EmbeddingAgrees) {
  const FieldShape& shape = field_->weights().shape;
  std::vector<float> out(reference_.size() * shape.embedding_size());
  for (std::size_t i = 0; i < reference_.size(); ++i) {
    EmbedPoint(shape.embedding(), reference_[i], &out[i * shape.embedding_size()]);
  }
  EXPECT_LE(LargestDifference(out, oracle_.Floats("points_embedding")), 2e-6f);
}

TEST_F(OraclePoints, ScoresAgree) {
  std::vector<float> scores(reference_.size());
  field_->Score(Queries(), field_->NewWorkspace().get(), scores.data());
  const std::vector<float> expected = oracle_.Floats("points_scores");
  const float largest = LargestDifference(expected, std::vector<float>(expected.size(), 0.0f));
  EXPECT_LE(LargestDifference(scores, expected), 3e-6f * largest);
}

TEST_F(OraclePoints, GradientsAgree) {
  std::vector<Vec2> gradients(reference_.size());
  field_->LossGradient(Queries(), field_->NewWorkspace().get(), gradients.data());
  std::vector<float> flat;
  for (const Vec2& each : gradients) flat.insert(flat.end(), {each.x, each.y});
  const std::vector<float> expected = oracle_.Floats("points_gradient");
  const float largest = *std::max_element(expected.begin(), expected.end());
  EXPECT_LE(LargestDifference(flat, expected), 1e-4f * largest);
}

// Whole answers for the oracle's pairs.
class OraclePair : public ::testing::TestWithParam<std::string> {
 protected:
  OraclePair() : images_(oracle_.Pair(GetParam())) {
    pair_ = engine_->Encode({images_}).value().front();
  }

  static void SetUpTestSuite() {
    engine_ = std::move(LoadModel(BundleDirectory(), {"cpu", 2}).value().engine);
  }
  static void TearDownTestSuite() { engine_.reset(); }

  // Prints and returns the share of points within 0.001 pixels and 0.0005 of their scores.
  double AgreeingShare(const std::string& name, const std::vector<Match>& matches) const {
    const std::vector<Point> expected = oracle_.Points(name);
    const std::vector<float> scores = oracle_.Floats(name + "_scores");
    EXPECT_EQ(matches.size(), expected.size());
    int agreeing = 0;
    for (std::size_t i = 0; i < matches.size(); ++i) {
      agreeing += std::abs(matches[i].reference.x - expected[i].x) <= 1e-3f &&
                  std::abs(matches[i].reference.y - expected[i].y) <= 1e-3f &&
                  std::abs(matches[i].score - scores[i]) <= 5e-4f;
    }
    const double share = static_cast<double>(agreeing) / static_cast<double>(matches.size());
    std::cout << name << ": " << 100 * share << " % agree\n";
    return share;
  }

  void ExpectAgreement(Refinement refinement, const std::string& suffix) {
    MatchOptions options;
    options.refinement = refinement;
    ExpectAgreement(options, suffix);
  }

  void ExpectAgreement(MatchOptions options, const std::string& suffix) {
    options.seed = oracle_.seed();
    const std::string dense = GetParam() + "_dense_" + suffix;
    EXPECT_GE(AgreeingShare(dense, RunToEnd(engine_.get(), pair_, {}, options)), 0.99);
    const std::string sparse = GetParam() + "_sparse_" + suffix;
    const std::vector<Point> keypoints = oracle_.Points(GetParam() + "_keypoints");
    EXPECT_GE(AgreeingShare(sparse, RunToEnd(engine_.get(), pair_, keypoints, options)), 0.99);
  }

  static std::unique_ptr<Engine> engine_;
  Oracle oracle_;
  ImagePair images_;
  std::shared_ptr<const EncodedPair> pair_;
};

std::unique_ptr<Engine> OraclePair::engine_;

TEST_P(OraclePair, EncodingAgrees) {
  const auto& pair = static_cast<const cpu::Pair&>(*pair_);
  const std::vector<float> phi = oracle_.Floats(GetParam() + "_phi");
  const std::vector<float> coarse = oracle_.Floats(GetParam() + "_coarse");
  EXPECT_LE(LargestDifference({pair.phi().data, pair.phi().data + phi.size()}, phi), 1e-4f);
  EXPECT_LE(LargestDifference({pair.coarse().data, pair.coarse().data + coarse.size()}, coarse),
            1e-4f);
}

TEST_P(OraclePair, CoarseAgrees) { ExpectAgreement(Refinement::kCoarse, "coarse"); }

TEST_P(OraclePair, PatchMatchAgrees) { ExpectAgreement(Refinement::kPatchMatch, "patchmatch"); }

TEST_P(OraclePair, OptimizationAgrees) {
  ExpectAgreement(Refinement::kPatchMatchAndOptimize, "patchmatch_and_optimize");
}

TEST_P(OraclePair, FieldAgrees) {
  const std::vector<int> shape = oracle_.Shape(GetParam() + "_field_scores");
  const ImageSize nodes = {shape[1], shape[0]};
  const Point query = oracle_.Points(GetParam() + "_field_point").front();
  const std::unique_ptr<MatchTask> task = engine_->StartField(pair_, query, nodes);
  MatchTask* const tasks[] = {task.get()};
  while (!task->done()) ASSERT_TRUE(engine_->Step(tasks, 1).ok());
  EXPECT_EQ(task->queries_spent(), nodes.width * nodes.height);
  std::vector<float> scores;
  for (const Match& match : task->TakeResult()) scores.push_back(match.score);
  EXPECT_LE(LargestDifference(scores, oracle_.Floats(GetParam() + "_field_scores")), 5e-5f);
  EXPECT_LE(LargestDifference(pair_->SampleCost(query, nodes),
                              oracle_.Floats(GetParam() + "_field_cost")),
            1e-4f);
}

TEST_P(OraclePair, BalancedAgrees) { ExpectAgreement(BalancedSchedule(), "balanced"); }

TEST_P(OraclePair, FastAgrees) { ExpectAgreement(FastSchedule(), "fast"); }

INSTANTIATE_TEST_SUITE_P(Pairs, OraclePair, ::testing::Values("main", "row", "column", "square"));

TEST(EncodeTest, APairsBitsDoNotDependOnItsCompany) {
  const Oracle oracle;
  const LoadedModel model = LoadModel(BundleDirectory(), {"cpu", 2}).value();
  const std::vector<ImagePair> images = {oracle.Pair("main"), oracle.Pair("row"),
                                         oracle.Pair("main")};
  const auto together = model.engine->Encode(images).value();
  const auto alone = model.engine->Encode({images[2]}).value();
  const PhiView first = static_cast<const cpu::Pair&>(*together[0]).phi();
  const PhiView third = static_cast<const cpu::Pair&>(*together[2]).phi();
  const PhiView single = static_cast<const cpu::Pair&>(*alone[0]).phi();
  const std::size_t size = static_cast<std::size_t>(std::pow(first.grid, 4)) * first.channels;
  EXPECT_TRUE(std::equal(first.data, first.data + size, single.data));
  EXPECT_TRUE(std::equal(third.data, third.data + size, single.data));
}

}  // namespace
}  // namespace nemf
