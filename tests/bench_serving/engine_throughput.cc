#include "tests/bench_serving/engine_throughput.h"

#include <chrono>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "client/render/file_formats.h"

namespace nemf {
namespace {

constexpr std::int64_t kStepQueries = 98'304;  // field evaluations in one call of the engine

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

absl::StatusOr<Image> Decode(const load::Photograph& photograph) {
  const client::Result<cv::Mat> bgr = client::DecodeImage(photograph.bytes);
  if (!bgr.ok()) {
    return absl::InvalidArgumentError(photograph.name + ": " + bgr.status().message());
  }
  Image image{.size = {bgr->cols, bgr->rows}, .rgb = {}};
  image.rgb.reserve(3 * bgr->total());
  for (int y = 0; y < bgr->rows; ++y) {
    for (int x = 0; x < bgr->cols; ++x) {
      const cv::Vec3b& pixel = bgr->at<cv::Vec3b>(y, x);
      for (const int channel : {2, 1, 0}) image.rgb.push_back(pixel[channel]);
    }
  }
  return image;
}

std::vector<Point> ToPoints(const std::vector<client::Point>& keypoints) {
  std::vector<Point> points;
  for (const client::Point& point : keypoints) points.push_back({point.x, point.y});
  return points;
}

absl::Status StepToEnd(Engine* engine, const std::vector<std::unique_ptr<MatchTask>>& tasks) {
  std::vector<MatchTask*> left;
  for (const auto& task : tasks) left.push_back(task.get());
  while (true) {
    std::erase_if(left, [](const MatchTask* task) { return task->done(); });
    if (left.empty()) return absl::OkStatus();
    const auto spent = engine->Step(left, kStepQueries);
    if (!spent.ok()) return spent.status();
  }
}

}  // namespace

absl::StatusOr<EngineCaller> EngineCaller::Create(Engine* engine,
                                                  const std::vector<load::Photograph>& photographs,
                                                  const load::TrafficOptions& traffic,
                                                  const MatchOptions& options) {
  EngineCaller caller(engine, photographs, traffic, options);
  for (const load::Photograph& photograph : photographs) {
    absl::StatusOr<Image> image = Decode(photograph);
    if (!image.ok()) return image.status();
    caller.images_.push_back(std::make_shared<const Image>(*std::move(image)));
  }
  return caller;
}

absl::Status EngineCaller::RunGroup(int group, EngineThroughput* sum) {
  std::vector<load::RequestPlan> plans;
  std::vector<ImagePair> pairs;
  for (int i = 0; i < group; ++i) {
    plans.push_back(load::PlanRequest(traffic_, photographs_, next_++));
    pairs.push_back({images_[plans.back().query], images_[plans.back().reference]});
  }

  const double start = Now();
  auto encoded = engine_->Encode(pairs);
  if (!encoded.ok()) return encoded.status();
  const double middle = Now();
  std::vector<std::unique_ptr<MatchTask>> tasks;
  for (int i = 0; i < group; ++i) {
    tasks.push_back(engine_->Start((*encoded)[i], ToPoints(plans[i].keypoints), options_));
  }
  if (absl::Status status = StepToEnd(engine_, tasks); !status.ok()) return status;
  for (const auto& task : tasks) task->TakeResult();
  sum->pairs += group;
  sum->encode_seconds += middle - start;
  sum->match_seconds += Now() - middle;
  return absl::OkStatus();
}

absl::StatusOr<EngineThroughput> EngineCaller::Run(int group, double seconds) {
  EngineThroughput sum;
  const double start = Now();
  while (Now() - start < seconds) {
    if (absl::Status status = RunGroup(group, &sum); !status.ok()) return status;
  }
  sum.seconds = sum.encode_seconds + sum.match_seconds;
  return sum;
}

}  // namespace nemf
