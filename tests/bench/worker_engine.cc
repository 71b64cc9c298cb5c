#include "tests/bench/worker_engine.h"

#include <chrono>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "server/engine/bundle/bundle_reader.h"
#include "server/engine/presets.h"

namespace nemf::bench {

namespace {

constexpr std::int64_t kQueriesAStep = 1 << 20;

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

absl::StatusOr<Image> ReadImage(ImageSize size, const std::string& file) {
  const absl::StatusOr<std::string> bytes = ReadFile(file);
  if (!bytes.ok()) return bytes.status();
  const std::size_t expected = 3 * static_cast<std::size_t>(size.width) * size.height;
  if (bytes->size() != expected) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, " has ", bytes->size(), " bytes, must have ", expected));
  }
  return Image{size, {bytes->begin(), bytes->end()}};
}

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerEngine>> WorkerEngine::Load(const std::string& directory,
                                                                 int threads) {
  EngineOptions options;
  options.device = "cpu";
  options.threads = threads;
  absl::StatusOr<LoadedModel> model = LoadModel(directory, options);
  if (!model.ok()) return model.status();
  return absl::WrapUnique(new WorkerEngine(*std::move(model)));
}

absl::Status WorkerEngine::SetPair(ImageSize query, const std::string& query_file,
                                   ImageSize reference, const std::string& reference_file) {
  absl::StatusOr<Image> first = ReadImage(query, query_file);
  if (!first.ok()) return first.status();
  absl::StatusOr<Image> second = ReadImage(reference, reference_file);
  if (!second.ok()) return second.status();
  pair_ = MakeImagePair(*std::move(first), *std::move(second));
  encoded_.reset();
  return absl::OkStatus();
}

absl::StatusOr<double> WorkerEngine::Encode() {
  const auto start = Clock::now();
  auto encoded = model_.engine->Encode({pair_});
  if (!encoded.ok()) return encoded.status();
  encoded_ = encoded->front();
  return SecondsSince(start);
}

absl::StatusOr<Run> WorkerEngine::Match(const std::vector<Point>& points,
                                        const MatchOptions& options) {
  if (encoded_ == nullptr) return absl::FailedPreconditionError("encode comes before match");
  const absl::Status valid = options.Validate();
  if (!valid.ok()) return valid;
  const auto start = Clock::now();
  const std::unique_ptr<MatchTask> task = model_.engine->Start(encoded_, points, options);
  MatchTask* const tasks[] = {task.get()};
  while (!task->done()) {
    const absl::StatusOr<std::int64_t> spent = model_.engine->Step(tasks, kQueriesAStep);
    if (!spent.ok()) return spent.status();
  }
  Run run;
  run.queries = task->queries_spent();
  run.matches = task->TakeResult();
  run.seconds = SecondsSince(start);
  return run;
}

absl::StatusOr<MatchOptions> ScheduleNamed(const std::string& name) {
  if (name == "REFERENCE") return ReferenceSchedule();
  if (name == "BALANCED") return BalancedSchedule();
  if (name == "FAST") return FastSchedule();
  return absl::InvalidArgumentError(absl::StrCat("no preset is called ", name));
}

}  // namespace nemf::bench
