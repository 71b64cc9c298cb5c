// The arithmetic of one point, at the published model's sizes.

#include <benchmark/benchmark.h>

#include <vector>

#include "server/engine/math/embedding.h"
#include "server/engine/math/interpolation.h"
#include "server/engine/math/search.h"
#include "server/engine/math/upsample.h"
#include "tests/engine/test_models.h"

namespace nemf {
namespace {

constexpr int kGrid = 16;
constexpr int kChannels = 64;
constexpr int kPoints = 4096;

// A random Phi and random points in it; all but a few corners lie on its grid.
struct Scene {
  Scene() : random(11) {
    phi = random.Vector(kGrid * kGrid * kGrid * kGrid * kChannels);
    for (int i = 0; i < kPoints; ++i) {
      const Vec2 query = {random.Next(), random.Next()};
      queries.push_back(query);
      references.push_back({query.x + 0.1f * random.Next(), query.y + 0.1f * random.Next()});
    }
    frequencies.resize(10);
    for (int i = 0; i < 10; ++i) frequencies[i] = 1.0f + 511.0f * static_cast<float>(i) / 9.0f;
  }
  PhiView view() const { return {phi.data(), kGrid, kChannels}; }

  testing::Random random;
  std::vector<float> phi;
  std::vector<Vec2> queries;
  std::vector<Vec2> references;
  std::vector<float> frequencies;
};

Scene& TheScene() {
  static Scene scene;
  return scene;
}

// Calls body(i) for one point after the other and counts points.
template <typename Body>
void ForPoints(benchmark::State& state, Body body) {
  int i = 0;
  for (auto _ : state) {
    body(i);
    i = (i + 1) % kPoints;
  }
  state.SetItemsProcessed(state.iterations());
}

void Interpolation(benchmark::State& state) {
  const Scene& scene = TheScene();
  float out[kChannels];
  ForPoints(state, [&](int i) {
    InterpolatePhi(scene.view(), FindCorners(scene.view(), scene.references[i], scene.queries[i]),
                   out);
    benchmark::DoNotOptimize(out);
  });
}
BENCHMARK(Interpolation);

void InterpolationGradients(benchmark::State& state) {
  const Scene& scene = TheScene();
  const std::vector<float> seed(kChannels, 0.5f);
  ForPoints(state, [&](int i) {
    benchmark::DoNotOptimize(InterpolationGradient(
        scene.view(), FindCorners(scene.view(), scene.references[i], scene.queries[i]),
        seed.data()));
  });
}
BENCHMARK(InterpolationGradients);

void Embedding(benchmark::State& state) {
  const Scene& scene = TheScene();
  const EmbeddingView view = {scene.frequencies.data(), 10, 2.0f, 3.0f};
  float out[42];
  ForPoints(state, [&](int i) {
    EmbedPoint(view, scene.references[i], out);
    benchmark::DoNotOptimize(out);
  });
}
BENCHMARK(Embedding);

// What a search step does for a pixel besides the field: candidates, the choice, the clamp.
void SearchStep(benchmark::State& state) {
  const Scene& scene = TheScene();
  const float scores[kMaxCandidates] = {0.1f, 0.4f, 0.3f, 0.2f, 0.5f};
  ForPoints(state, [&](int i) {
    Vec2 neighbours[4];
    for (int k = 0; k < 4; ++k) neighbours[k] = scene.references[(i + k + 1) % kPoints];
    const ScoredPoint own = {scene.references[i], 0.25f};
    Vec2 candidates[kMaxCandidates];
    const int count = CollectCandidates(own, neighbours, candidates);
    const ScoredPoint best = SelectBest(own, candidates, scores, count);
    const ScoredPoint random = {RandomCandidate(best.point, 0.1f, 1, i, 3), 0.45f};
    benchmark::DoNotOptimize(ClampScored(Better(best, random), scene.queries[i], 0.1f));
  });
}
BENCHMARK(SearchStep);

// The candidates of a pixel between the nodes of a lattice of every fifth pixel.
void Upsampling(benchmark::State& state) {
  const Scene& scene = TheScene();
  const LatticeView lattice = {103, 103, 512, 512};
  const UpsampleScale scale = MakeUpsampleScale(lattice, 512, 512);
  ForPoints(state, [&](int i) {
    const KeypointSupport support =
        FindSupport(lattice, static_cast<float>(i % 512), static_cast<float>(i / 512));
    Vec2 nodes[4];
    for (int k = 0; k < 4; ++k) nodes[k] = scene.references[support.pixel[k] % kPoints];
    Vec2 out[kMaxUpsampleCandidates];
    benchmark::DoNotOptimize(CollectUpsampled(support, nodes, scale, 3, out));
    benchmark::DoNotOptimize(out);
  });
}
BENCHMARK(Upsampling);

}  // namespace
}  // namespace nemf
