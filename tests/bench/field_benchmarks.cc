// The matching field at the published model's size, on one thread.

#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "server/engine/cpu/field.h"
#include "server/engine/device/torch_support.h"
#include "tests/engine/test_models.h"

namespace nemf {
namespace {

constexpr int kGrid = 16;
constexpr int kSide = 64;
constexpr int kMostRows = 2048;

// A random field and queries of it.
struct FieldScene {
  FieldScene() : random(5) {
    FieldShape shape;
    shape.channels = 64;
    shape.hidden = 256;
    shape.blocks = 3;
    shape.scale = 2.0f;
    shape.offset = 3.0f;
    for (int i = 0; i < 10; ++i) {
      shape.frequencies.push_back(1.0f + 511.0f * static_cast<float>(i) / 9.0f);
    }
    field = cpu::Field::Create(testing::RandomWeights(shape, 3));
    workspace = field->NewWorkspace();
    phi = random.Vector(kGrid * kGrid * kGrid * kGrid * shape.channels);
    table = MakePointTable(field->weights(), random.Vector(kSide), random.Vector(kSide));
    for (int i = 0; i < kMostRows; ++i) {
      reference.push_back({random.Next(), random.Next()});
      query.push_back({random.Below(kSide), random.Below(kSide)});
    }
  }
  cpu::FieldQueries Queries(int rows) const {
    return cpu::FieldQueries{{phi.data(), kGrid, 64}, &table, reference, query}.Part(0, rows);
  }

  testing::Random random;
  std::unique_ptr<cpu::Field> field;
  std::unique_ptr<cpu::FieldWorkspace> workspace;
  std::vector<float> phi;
  PointTable table;
  std::vector<Vec2> reference;
  std::vector<TableIndex> query;
};

FieldScene& TheScene() {
  static FieldScene scene;
  return scene;
}

void FieldForward(benchmark::State& state) {
  SetTorchThreads(1);
  FieldScene& scene = TheScene();
  const int rows = static_cast<int>(state.range(0));
  std::vector<float> scores(rows);
  for (auto _ : state) {
    scene.field->Score(scene.Queries(rows), scene.workspace.get(), scores.data());
    benchmark::DoNotOptimize(scores.data());
  }
  state.SetItemsProcessed(state.iterations() * rows);
}
BENCHMARK(FieldForward)->Arg(64)->Arg(512)->Arg(2048);

void FieldGradient(benchmark::State& state) {
  SetTorchThreads(1);
  FieldScene& scene = TheScene();
  const int rows = static_cast<int>(state.range(0));
  std::vector<Vec2> gradients(rows);
  for (auto _ : state) {
    scene.field->LossGradient(scene.Queries(rows), scene.workspace.get(), gradients.data());
    benchmark::DoNotOptimize(gradients.data());
  }
  state.SetItemsProcessed(state.iterations() * rows);
}
BENCHMARK(FieldGradient)->Arg(64)->Arg(512)->Arg(2048);

}  // namespace
}  // namespace nemf
