#include <utility>

#include "server/engine/matching/backend.h"
#include "server/engine/matching/task.h"
#include "server/engine/matching/work_bound.h"

namespace nemf {

namespace {

// A wave is cut by the upper bound of its cost and mostly costs less. The last 1/8 of a budget is
// left, as it would be cut into ever smaller waves, which the device runs badly.
constexpr std::int64_t kSmallRemainder = 8;

class BackendEngine : public Engine {
 public:
  explicit BackendEngine(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {}

  const std::string& device() const override { return backend_->device(); }
  EncodeOverlap encode_overlap() const override { return backend_->encode_overlap(); }
  int encoder_batch() const override { return backend_->encoder_batch(); }

  std::int64_t BoundQueries(ImageSize query, absl::Span<const Point> keypoints,
                            const MatchOptions& options, int snapshots) const override {
    return nemf::BoundQueries(query, keypoints.size(), options, snapshots, backend_->prices());
  }

  absl::StatusOr<std::vector<std::shared_ptr<const EncodedPair>>> Encode(
      absl::Span<const ImagePair> pairs) override {
    return backend_->Encode(pairs);
  }

  std::unique_ptr<MatchTask> Start(std::shared_ptr<const EncodedPair> pair,
                                   std::vector<Point> keypoints,
                                   const MatchOptions& options) override {
    return std::make_unique<Task>(
        std::make_unique<TaskPlan>(std::move(pair), std::move(keypoints), options), backend_);
  }

  std::unique_ptr<MatchTask> StartField(std::shared_ptr<const EncodedPair> pair, Point query,
                                        ImageSize nodes) override {
    return std::make_unique<Task>(std::make_unique<TaskPlan>(std::move(pair), query, nodes),
                                  backend_);
  }

  absl::StatusOr<std::int64_t> Step(absl::Span<MatchTask* const> tasks,
                                    std::int64_t max_queries) override {
    std::int64_t spent = 0;
    do {
      Wave wave = PlanWave(tasks, max_queries - spent);
      spent += wave.grown;
      if (wave.items.empty()) {
        if (wave.grown == 0) break;
        continue;
      }
      const absl::Status status = backend_->Run(absl::MakeSpan(wave.items));
      if (!status.ok()) return status;
      bool any_done = false;
      for (std::size_t i = 0; i < wave.tasks.size(); ++i) {
        spent += wave.tasks[i]->Advance(wave.items[i]);
        any_done = any_done || wave.tasks[i]->done();
      }
      if (any_done) break;
    } while (max_queries - spent > max_queries / kSmallRemainder);
    return spent;
  }

 private:
  struct Wave {
    std::vector<Task*> tasks;
    std::vector<WorkItem> items;  // one of each task
    std::int64_t grown = 0;       // the price of the cones that were grown meanwhile
  };

  // Plans the next work items. Tasks at the front that can be finished within `max_queries` are
  // planned alone. A short task has many small items, one after the other. Beside a long task,
  // which takes the rest of the budget each time, it would need a whole budget for each of them.
  static Wave PlanWave(absl::Span<MatchTask* const> tasks, std::int64_t max_queries) {
    Wave wave;
    std::int64_t planned = 0;
    std::int64_t to_finish = 0;
    for (MatchTask* each : tasks) {
      Task* task = static_cast<Task*>(each);
      if (task->done()) continue;
      to_finish += task->queries_left();
      if (to_finish > max_queries && !wave.tasks.empty()) break;
      if (task->growing()) {
        const std::int64_t price = task->GrowCone(max_queries - planned);
        wave.grown += price;
        planned += price;
        if (task->growing() || planned >= max_queries) break;
      }
      wave.tasks.push_back(task);
      wave.items.push_back(task->NextItem(max_queries - planned));
      planned += task->Bound(wave.items.back());
      if (planned >= max_queries) break;
    }
    return wave;
  }

  const std::shared_ptr<Backend> backend_;
};

}  // namespace

std::unique_ptr<Engine> MakeEngine(std::unique_ptr<Backend> backend) {
  return std::make_unique<BackendEngine>(std::move(backend));
}

}  // namespace nemf
