#include <algorithm>
#include <atomic>
#include <mutex>
#include <opencv2/core.hpp>
#include <thread>
#include <tuple>

#include "client/cli/command.h"
#include "client/cli/eval.h"
#include "client/cli/files.h"
#include "client/cli/progress.h"
#include "client/render/file_formats.h"

namespace nemf::cli {
namespace {

client::FlowField ReadTruth(const std::string& path) {
  client::Result<client::FlowField> truth = client::DecodeFlo(ReadFile(path));
  if (!truth.ok()) throw Failure(kFileError, path + ": " + truth.status().message());
  return *std::move(truth);
}

// 8-bit, one channel; 0 where the mask is black.
cv::Mat ReadMask(const std::string& path, const client::FlowField& truth) {
  std::vector<cv::Mat> planes;
  cv::split(Decode(ReadFile(path), path), planes);
  const cv::Mat mask = cv::max(planes[0], cv::max(planes[1], planes[2]));
  if (mask.cols != truth.width || mask.rows != truth.height) {
    throw Failure(kFileError, path + ": must have the size of the flow");
  }
  return mask;
}

client::Image ReadReference(const eval::FlowPair& pair) {
  std::string bytes = ReadFile(pair.reference_path);
  if (!pair.mirrored) return client::EncodedImage{std::move(bytes)};
  cv::Mat mirrored;
  cv::flip(Decode(bytes, pair.reference_path), mirrored, /*flipCode=*/1);
  return client::EncodedImage{client::EncodePng(mirrored).value()};
}

// One request at a time on each thread.
class FlowRun {
 public:
  FlowRun(const eval::FlowDataset& dataset, const RunSettings& settings)
      : dataset_(dataset),
        settings_(settings),
        total_(dataset.pairs.size() * settings.variants.size()),
        client_(settings.match.server.Connect()),
        progress_(settings.err, static_cast<int>(total_), "flows") {}

  RunResult<FlowOutcome> Run() {
    const Stopwatch stopwatch;
    std::vector<std::thread> threads;
    for (int i = 0; i < settings_.in_flight; ++i) threads.emplace_back([this] { Work(); });
    for (std::thread& thread : threads) thread.join();
    std::sort(result_.outcomes.begin(), result_.outcomes.end(), [](const auto& a, const auto& b) {
      return std::tie(a.pair, a.variant) < std::tie(b.pair, b.variant);
    });
    result_.seconds = stopwatch.Seconds();
    return std::move(result_);
  }

 private:
  void Work() {
    for (std::size_t i = next_++; i < total_; i = next_++) {
      const std::size_t pair = i / settings_.variants.size();
      const std::string& name = dataset_.pairs[pair].name;
      try {
        const client::Status status = Evaluate(pair, i % settings_.variants.size());
        const std::lock_guard lock(mutex_);
        if (!status.ok()) result_.failures.push_back(name + ": " + status.ToString());
      } catch (const std::exception& error) {
        const std::lock_guard lock(mutex_);
        result_.problems.push_back(name + ": " + error.what());
      }
      progress_.Step();
    }
  }

  client::Status Evaluate(std::size_t index, std::size_t variant) {
    const eval::FlowPair& pair = dataset_.pairs[index];
    const client::FlowField truth = ReadTruth(pair.flow_path);
    const cv::Mat mask = ReadMask(pair.mask_path, truth);
    client::FlowRequest request;
    request.query = client::EncodedImage{ReadFile(pair.query_path)};
    request.reference = ReadReference(pair);
    request.options = settings_.variants[variant].options;
    request.model = settings_.match.Model();
    const client::Result<client::FlowResponse> response = client_.ComputeFlow(request);
    if (!response.ok()) return response.status();
    const client::FlowField& field = response.value().field;
    if (field.width != truth.width || field.height != truth.height) {
      throw Failure(kFileError, pair.flow_path + ": must have the size of " + pair.query_path);
    }
    const std::lock_guard lock(mutex_);
    result_.outcomes.push_back({.pair = index,
                                .variant = variant,
                                .score = eval::ScoreFlow(field, truth, mask),
                                .statistics = response.value().statistics});
    return client::Status();
  }

  const eval::FlowDataset& dataset_;
  const RunSettings& settings_;
  const std::size_t total_;
  const client::Client client_;
  Progress progress_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  RunResult<FlowOutcome> result_;
};

}  // namespace

RunResult<FlowOutcome> RunFlows(const eval::FlowDataset& dataset, const RunSettings& settings) {
  return FlowRun(dataset, settings).Run();
}

}  // namespace nemf::cli
