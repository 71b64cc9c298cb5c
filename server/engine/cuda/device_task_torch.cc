#include "server/engine/cuda/device_task_torch.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "server/base/status_macros.h"
#include "server/engine/matching/cost_grid.h"

namespace nemf::cuda {

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

// The keypoints' supports, with sites in place of pixels.
std::vector<KeypointSupport> SiteSupports(const TaskPlan& plan) {
  std::vector<KeypointSupport> supports = plan.supports;
  for (KeypointSupport& support : supports) {
    for (int& pixel : support.pixel) pixel = plan.cone.SupportSite(pixel);
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

absl::Status DeviceTask::Prepare(const WorkItem& item, DeviceRuntime* runtime, Staging* staging,
                                 const Queue& queue) {
  switch (item.phase) {
    case Phase::kFillTables:
      return FillTables(item, runtime, staging);
    case Phase::kInitialize:
      return Initialize(item, runtime, staging, queue);
    case Phase::kSnapshot:
      return Snapshot(item, runtime, staging, queue);
    case Phase::kRefine:
      matches.reserve(plan.num_points());
      matches.resize(item.end);
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

absl::Status DeviceTask::FillTables(const WorkItem& item, DeviceRuntime* runtime,
                                    Staging* staging) {
  const std::size_t hidden = layer_.hidden();
  if (item.begin == 0) {
    NEMF_RETURN_IF_ERROR(UploadPoints(staging));
    for (const TableRows& axis : SplitTableRows(plan, 0, CountTableRows(plan))) {
      AxisOf(axis) = {DeviceArray<float>(runtime, axis.size),
                      DeviceArray<float>(runtime, axis.size * hidden)};
    }
  }
  for (const TableRows& rows : SplitTableRows(plan, item.begin, item.end)) {
    const std::size_t count = rows.end - rows.begin;
    std::vector<float> coordinates(count);
    std::vector<float> values(count * hidden);
    FillTableRows(layer_, plan, rows, coordinates.data(), values.data());
    const TableAxis& axis = AxisOf(rows);
    NEMF_RETURN_IF_ERROR(staging->Upload(coordinates.data(), count * sizeof(float),
                                         axis.coordinates.data() + rows.begin));
    NEMF_RETURN_IF_ERROR(staging->Upload(values.data(), values.size() * sizeof(float),
                                         axis.hidden.data() + rows.begin * hidden));
  }
  return absl::OkStatus();
}

DeviceTask::TableAxis& DeviceTask::AxisOf(const TableRows& rows) {
  return (rows.of_nodes ? nodes_ : others_).axes[rows.axis];
}

absl::Status DeviceTask::UploadPoints(Staging* staging) {
  std::vector<Vec2> keypoints;
  for (const Point& keypoint : plan.keypoints) keypoints.push_back({keypoint.x, keypoint.y});
  NEMF_RETURN_IF_ERROR(staging->Upload(keypoints, &keypoints_));
  NEMF_RETURN_IF_ERROR(staging->Upload(SiteSupports(plan), &supports_));
  return staging->Upload(StepSizes(plan), &step_sizes_);
}

absl::Status DeviceTask::Initialize(const WorkItem& item, DeviceRuntime* runtime, Staging* staging,
                                    const Queue& queue) {
  if (item.begin == 0) MakeSites(runtime);
  const ConeView cone = plan.cone.view();
  const int scored = plan.num_scores();
  if (cone.pixels != nullptr) {
    const auto upload = [&](const int* from, int begin, int end, const DeviceArray<int>& to) {
      const std::size_t bytes = std::max(0, end - begin) * sizeof(int);
      return staging->Upload(from + begin, bytes, to.data() + begin);
    };
    NEMF_RETURN_IF_ERROR(upload(cone.pixels, item.begin, item.end, pixels_));
    NEMF_RETURN_IF_ERROR(
        upload(cone.neighbours, 4 * item.begin, 4 * std::min(item.end, scored), neighbours_));
  }
  return queue.Run(item.end - item.begin,
                   InitialValues{pair().view().coarse, ConeOnDevice(), item.begin, initial_.data(),
                                 values_[0].data(), changed_[0].data(), scores_[0].data(), scored});
}

void DeviceTask::MakeSites(DeviceRuntime* runtime) {
  const int sites = plan.num_values();
  const int scored = plan.num_scores();
  if (plan.cone.view().pixels != nullptr) {
    pixels_ = DeviceArray<int>(runtime, sites);
    neighbours_ = DeviceArray<int>(runtime, std::size_t{4} * scored);
  }
  initial_ = DeviceArray<Vec2>(runtime, sites);
  for (int i = 0; i < (plan.sweeps() > 0 ? 2 : 1); ++i) {
    values_[i] = DeviceArray<Vec2>(runtime, sites);
    changed_[i] = DeviceArray<char>(runtime, sites);
    scores_[i] = DeviceArray<float>(runtime, scored);
  }
}

absl::Status DeviceTask::Snapshot(const WorkItem& item, DeviceRuntime* runtime, Staging* staging,
                                  const Queue& queue) {
  const ImageSize reference = pair().reference_size();
  std::vector<Vec2> points(item.end - item.begin);
  const DeviceArray<Vec2> on_device(runtime, points.size());
  NEMF_RETURN_IF_ERROR(
      queue.Run(static_cast<int>(points.size()),
                SnapshotPoints{Before(item.iteration), plan.lattice, item.begin, reference.width,
                               reference.height, on_device.data()}));
  NEMF_RETURN_IF_ERROR(
      staging->Download(on_device.data(), points.size() * sizeof(Vec2), points.data()));
  snapshot.reserve(plan.num_points());
  snapshot.resize(item.begin);
  for (const Vec2& point : points) snapshot.push_back({point.x, point.y});
  return absl::OkStatus();
}

ConeView DeviceTask::ConeOnDevice() const {
  return {plan.lattice.width, plan.lattice.height, pixels_.data(), neighbours_.data()};
}

StartView DeviceTask::Start(Phase phase) const {
  StartView start = {};
  start.supports = supports_.data();
  start.keypoints = keypoints_.data();
  start.columns = plan.field_nodes.width;
  start.rows = plan.field_nodes.height;
  if (phase != Phase::kRefine) {
    start.kind = StartKind::kSites;
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

WorkItemView DeviceTask::View(Phase phase, int sweep, int begin) const {
  const MatchOptions& options = plan.options;
  const ImageSize reference = pair().reference_size();
  const bool of_nodes = phase != Phase::kRefine || plan.points_are_nodes();
  WorkItemView view = {};
  view.begin = begin;
  view.pair = pair().view();
  view.table = of_nodes ? nodes_.view() : others_.view();
  view.radius = options.search_radius;
  view.cone = ConeOnDevice();
  view.lattice = plan.lattice;
  view.initial = initial_.data();
  view.before = Before(sweep);
  view.scores_before = scores_[sweep % 2].data();
  view.changed_before = changed_[sweep % 2].data();
  view.after = values_[(sweep + 1) % 2].data();
  view.scores_after = scores_[(sweep + 1) % 2].data();
  view.changed_after = changed_[(sweep + 1) % 2].data();
  view.seed = options.seed;
  view.iteration = sweep;
  view.search_candidates = options.search_candidates;
  for (int i = 0; i < options.search_candidates; ++i) {
    view.search_radii[i] = options.SearchRadius(sweep, i);
  }
  view.start = Start(phase);
  view.upsample_candidates = options.upsample_candidates;
  view.steps = plan.optimize_steps();
  view.step_sizes = step_sizes_.data();
  view.reference_width = reference.width;
  view.reference_height = reference.height;
  view.upsample_scale = MakeUpsampleScale(plan.lattice, reference.width, reference.height);
  return view;
}

}  // namespace nemf::cuda
