#include "tests/bench/field_meter.h"

#include <chrono>
#include <random>
#include <utility>

#include "absl/memory/memory.h"
#include "server/engine/bundle/bundle_reader.h"
#include "server/engine/device/torch_support.h"

namespace nemf::bench {

namespace {

constexpr int kSide = 512;        // pixels of the query, along an axis
constexpr int kQueries = 65536;   // 128 rows of it
constexpr int kPart = 2048;       // queries that a worker takes at a time
constexpr float kScatter = 0.1f;  // as far as PatchMatch looks; normalised
constexpr unsigned kSeed = 7;

std::vector<float> Axis() {
  std::vector<float> out(kSide);
  for (int i = 0; i < kSide; ++i) out[i] = 2.0f * static_cast<float>(i) / (kSide - 1) - 1.0f;
  return out;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FieldMeter>> FieldMeter::Load(const std::string& directory,
                                                             int threads) {
  const absl::StatusOr<std::string> text = ReadFile(directory + "/model.json");
  if (!text.ok()) return text.status();
  const absl::StatusOr<Manifest> manifest = ParseManifest(*text);
  if (!manifest.ok()) return manifest.status();
  const absl::StatusOr<std::string> bytes = ReadVerifiedFile(directory, manifest->field_file);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<FieldWeights> weights = ReadFieldWeights(*bytes, manifest->field);
  if (!weights.ok()) return weights.status();
  return absl::WrapUnique(new FieldMeter(*std::move(weights), manifest->encoder.grid, threads));
}

FieldMeter::FieldMeter(FieldWeights weights, int grid, int threads)
    : field_(cpu::Field::Create(std::move(weights))),
      grid_(grid),
      table_(MakePointTable(field_->weights(), Axis(), Axis())),
      team_(threads, [] { SetTorchThreads(1); }) {
  std::mt19937 generator(kSeed);
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  const std::size_t cells = static_cast<std::size_t>(grid) * grid;
  phi_.resize(cells * cells * field_->weights().shape.channels);
  for (float& value : phi_) value = uniform(generator);
  for (int i = 0; i < kQueries; ++i) {
    query_.push_back({i % kSide, i / kSide});
    const Vec2 point = table_.point(query_.back());
    reference_.push_back(
        {point.x + kScatter * uniform(generator), point.y + kScatter * uniform(generator)});
  }
  for (int i = 0; i < threads; ++i) workspaces_.push_back(field_->NewWorkspace());
}

absl::StatusOr<double> FieldMeter::QueriesPerSecond(double seconds) {
  using Clock = std::chrono::steady_clock;
  const cpu::FieldQueries queries = {
      {phi_.data(), grid_, field_->weights().shape.channels}, &table_, reference_, query_};
  std::vector<float> scores(kQueries);
  const auto start = Clock::now();
  for (double answered = 0;;) {
    const absl::Status status = team_.Run(kQueries / kPart, [&](int part, int worker) {
      field_->Score(queries.Part(part * kPart, kPart), workspaces_[worker].get(),
                    scores.data() + part * kPart);
    });
    if (!status.ok()) return status;
    answered += kQueries;
    const double spent = std::chrono::duration<double>(Clock::now() - start).count();
    if (spent >= seconds) return answered / spent;
  }
}

double FieldMeter::flops_per_query() const {
  const FieldShape& shape = field_->weights().shape;
  const double hidden = shape.hidden;
  const double inputs =
      2.0 * shape.embedding_size() + shape.blocks * (shape.channels + 2 * hidden) + 1;
  return 2 * hidden * inputs;
}

}  // namespace nemf::bench
