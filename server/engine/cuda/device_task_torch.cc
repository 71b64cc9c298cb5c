#include "server/engine/cuda/device_task_torch.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "server/base/status_macros.h"
#include "server/engine/matching/cost_grid.h"
#include "server/engine/matching/task_tables.h"

namespace nemf {

namespace {

static_assert(kMaxSearchRows == kMaxSearchCandidates);

std::vector<AdamStepSize> StepSizes(const TaskPlan& plan) {
  const MatchOptions& options = plan.options;
  std::vector<AdamStepSize> sizes;
  for (int step = 0; step < plan.optimize_steps(); ++step) {
    const double rate = LearningRate(step, plan.optimize_steps(), options.learning_rate,
                                     options.final_learning_rate);
    sizes.push_back(MakeAdamStep(step, rate, options.weight_decay));
  }
  return sizes;
}

// The keypoints' supports, with slots in place of pixels.
std::vector<KeypointSupport> SlotSupports(const TaskPlan& plan) {
  std::vector<KeypointSupport> supports = plan.supports;
  for (KeypointSupport& support : supports) {
    for (int& pixel : support.pixel) pixel = plan.active.SupportSlot(pixel);
  }
  return supports;
}

}  // namespace

DevicePair::DevicePair(ImageSize query, ImageSize reference, DeviceEncoding encoding)
    : query_size_(query), reference_size_(reference), encoding_(std::move(encoding)) {}

std::size_t DevicePair::bytes() const {
  return encoding_.phi.nbytes() + encoding_.coarse.nbytes() + encoding_.cost.size() * sizeof(float);
}

PairView DevicePair::view() const {
  const int grid = static_cast<int>(encoding_.phi.size(0));
  return {{encoding_.phi.const_data_ptr(), encoding_.phi.scalar_type() == at::kHalf},
          grid,
          static_cast<int>(encoding_.phi.size(4)),
          {encoding_.coarse.const_data_ptr<float>(), grid}};
}

std::vector<float> DevicePair::SampleCost(Point query, ImageSize nodes) const {
  const int grid = static_cast<int>(encoding_.phi.size(0));
  return SampleCostGrid({encoding_.cost.data(), grid, 1}, query_size_, query, nodes);
}

DeviceTask::DeviceTask(const TaskPlan& plan, const FieldWeights& weights)
    : plan(plan),
      matches(plan.num_points()),
      host_{MakeNodeTable(weights, plan), MakePointTable(weights, plan)} {}

absl::Status DeviceTask::Upload(DeviceRuntime* runtime, Staging* staging, const Queue& queue) {
  if (uploaded_) return absl::OkStatus();
  Arrays arrays;
  NEMF_RETURN_IF_ERROR(UploadTables(staging, &arrays));
  NEMF_RETURN_IF_ERROR(UploadPoints(staging, &arrays));
  NEMF_RETURN_IF_ERROR(MakeSlots(runtime, staging, queue, &arrays));
  arrays_ = std::move(arrays);
  host_ = {};
  uploaded_ = true;
  return absl::OkStatus();
}

absl::Status DeviceTask::UploadTables(Staging* staging, Arrays* arrays) const {
  const auto upload = [&](const PointTable& from, DeviceTable* to) -> absl::Status {
    NEMF_RETURN_IF_ERROR(staging->Upload(from.x, &to->x));
    NEMF_RETURN_IF_ERROR(staging->Upload(from.y, &to->y));
    NEMF_RETURN_IF_ERROR(staging->Upload(from.x_hidden, &to->x_hidden));
    return staging->Upload(from.y_hidden, &to->y_hidden);
  };
  NEMF_RETURN_IF_ERROR(upload(host_.nodes, &arrays->nodes));
  return upload(host_.others, &arrays->others);
}

absl::Status DeviceTask::UploadPoints(Staging* staging, Arrays* arrays) const {
  std::vector<Vec2> keypoints;
  for (const Point& keypoint : plan.keypoints) keypoints.push_back({keypoint.x, keypoint.y});
  NEMF_RETURN_IF_ERROR(staging->Upload(keypoints, &arrays->keypoints));
  NEMF_RETURN_IF_ERROR(staging->Upload(SlotSupports(plan), &arrays->supports));
  return staging->Upload(StepSizes(plan), &arrays->step_sizes);
}

absl::Status DeviceTask::MakeSlots(DeviceRuntime* runtime, Staging* staging, const Queue& queue,
                                   Arrays* arrays) const {
  const int slots = plan.active.size();
  const ConeView active = plan.active.view();
  if (active.pixels != nullptr) {
    const std::vector<int> pixels(active.pixels, active.pixels + slots);
    const std::vector<int> neighbours(active.neighbours, active.neighbours + 4 * scored_slots());
    NEMF_RETURN_IF_ERROR(staging->Upload(pixels, &arrays->pixels));
    NEMF_RETURN_IF_ERROR(staging->Upload(neighbours, &arrays->neighbours));
  }
  arrays->initial = DeviceArray<Vec2>(runtime, slots);
  for (int i = 0; i < (plan.passes() > 0 ? 2 : 1); ++i) {
    arrays->values[i] = DeviceArray<Vec2>(runtime, slots);
    arrays->changed[i] = DeviceArray<char>(runtime, slots);
    arrays->scores[i] = DeviceArray<float>(runtime, scored_slots());
  }
  return queue.Run(slots,
                   InitialValues{pair().view().coarse, ActiveOn(*arrays), arrays->initial.data(),
                                 arrays->values[0].data(), arrays->changed[0].data(),
                                 arrays->scores[0].data(), scored_slots()});
}

ConeView DeviceTask::ActiveOn(const Arrays& arrays) const {
  const ConeView host = plan.active.view();
  return {host.width, host.height, arrays.pixels.data(), arrays.neighbours.data()};
}

StartView DeviceTask::Start(Phase phase) const {
  StartView start = {};
  start.supports = arrays_.supports.data();
  start.keypoints = arrays_.keypoints.data();
  start.columns = plan.field_nodes.width;
  start.rows = plan.field_nodes.height;
  if (phase != Phase::kRefine) {
    start.kind = StartKind::kSlots;
  } else if (plan.samples_field()) {
    start.kind = StartKind::kGrid;
  } else if (plan.dense()) {
    start.kind = StartKind::kPixels;
  } else {
    const bool coarse = plan.options.refinement == Refinement::kCoarse;
    start.kind = coarse ? StartKind::kCoarse : StartKind::kSupport;
  }
  return start;
}

WorkItemView DeviceTask::View(Phase phase, int pass, int begin) const {
  const MatchOptions& options = plan.options;
  const ImageSize reference = pair().reference_size();
  const bool of_nodes = phase != Phase::kRefine || points_are_nodes();
  WorkItemView view = {};
  view.begin = begin;
  view.pair = pair().view();
  view.table = of_nodes ? arrays_.nodes.view() : arrays_.others.view();
  view.radius = options.search_radius;
  view.active = ActiveOn(arrays_);
  view.lattice = plan.lattice;
  view.initial = arrays_.initial.data();
  view.before = Before(pass);
  view.scores_before = arrays_.scores[pass % 2].data();
  view.fresh_before = arrays_.changed[pass % 2].data();
  view.after = arrays_.values[(pass + 1) % 2].data();
  view.scores_after = arrays_.scores[(pass + 1) % 2].data();
  view.fresh_after = arrays_.changed[(pass + 1) % 2].data();
  view.seed = options.seed;
  view.iteration = pass;
  view.search_candidates = options.search_candidates;
  for (int i = 0; i < options.search_candidates; ++i) {
    view.search_radii[i] = options.SearchRadius(pass, i);
  }
  view.start = Start(phase);
  view.upsample_candidates = options.upsample_candidates;
  view.steps = plan.optimize_steps();
  view.step_sizes = arrays_.step_sizes.data();
  view.reference_width = reference.width;
  view.reference_height = reference.height;
  view.upsample_scale = MakeUpsampleScale(plan.lattice, reference.width, reference.height);
  return view;
}

}  // namespace nemf
