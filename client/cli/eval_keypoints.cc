#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>
#include <tuple>
#include <utility>

#include "client/cli/command.h"
#include "client/cli/eval.h"
#include "client/cli/files.h"
#include "client/cli/progress.h"
#include "client/render/keypoint_picture.h"
#include "nemf/transfer_stream.h"

namespace nemf::cli {
namespace {

// Annotations are a pixel off where they count from 1; what is farther outside is an error.
constexpr float kSlack = 1;

// The point moved into the image, or a Failure.
client::Point Inside(const client::Point& point, const cv::Mat& image) {
  const client::Point moved = {std::clamp(point.x, 0.0f, static_cast<float>(image.cols - 1)),
                               std::clamp(point.y, 0.0f, static_cast<float>(image.rows - 1))};
  // Written so that NaN fails.
  if (std::abs(point.x - moved.x) <= kSlack && std::abs(point.y - moved.y) <= kSlack) return moved;
  throw Failure(kFileError, "the keypoint (" + std::to_string(point.x) + ", " +
                                std::to_string(point.y) + ") lies outside the " +
                                std::to_string(image.cols) + " x " + std::to_string(image.rows) +
                                " image");
}

// Calls `bark` once, on a thread of its own, when nobody called Kick() for `seconds`.
class Watchdog {
 public:
  // 0 seconds: never.
  Watchdog(double seconds, std::function<void()> bark) : seconds_(seconds), bark_(std::move(bark)) {
    if (seconds_ > 0) thread_ = std::thread([this] { Watch(); });
  }

  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void Kick() {
    const std::lock_guard lock(mutex_);
    last_ = Stopwatch();
  }

  bool barked() {
    const std::lock_guard lock(mutex_);
    return barked_;
  }

 private:
  void Watch() {
    std::unique_lock lock(mutex_);
    while (!closing_) {
      const double left = seconds_ - last_.Seconds();
      if (left <= 0) {
        barked_ = true;
        lock.unlock();
        return bark_();
      }
      changed_.wait_for(lock, std::chrono::duration<double>(left));
    }
  }

  const double seconds_;
  const std::function<void()> bark_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Stopwatch last_;
  bool closing_ = false;
  bool barked_ = false;
  std::thread thread_;
};

// Sends on one thread and takes the answers on another.
class KeypointRun {
 public:
  KeypointRun(const eval::KeypointDataset& dataset, const RunSettings& settings)
      : dataset_(dataset),
        settings_(settings),
        sides_(dataset.pairs.size()),
        stream_(settings.match.server.Connect().OpenTransferStream()),
        progress_(settings.err, static_cast<int>(dataset.pairs.size() * settings.variants.size()),
                  "answers"),
        watchdog_(settings.match.server.timeout_seconds, [this] { Abandon(); }) {}

  RunResult<KeypointOutcome> Run() {
    const Stopwatch stopwatch;
    std::thread sender([this] { SendAll(); });
    while (std::optional<client::StreamAnswer> answer = stream_.Next()) Take(*std::move(answer));
    LetSenderGo();  // where the stream ended early
    sender.join();
    const client::Status status = stream_.Finish();
    if (watchdog_.barked()) {
      FailRequest(settings_.match.server,
                  client::Status(client::Code::kDeadlineExceeded, "no answer within --timeout"));
    }
    if (!status.ok()) FailRequest(settings_.match.server, status);
    std::sort(result_.outcomes.begin(), result_.outcomes.end(), [](const auto& a, const auto& b) {
      return std::tie(a.pair, a.variant) < std::tie(b.pair, b.variant);
    });
    result_.seconds = stopwatch.Seconds();
    return std::move(result_);
  }

 private:
  void SendAll() {
    for (std::size_t i = 0; i < dataset_.pairs.size(); ++i) {
      try {
        if (!SendPair(i)) break;
      } catch (const std::exception& error) {
        const std::lock_guard lock(mutex_);
        result_.problems.push_back(dataset_.pairs[i].name + ": " + error.what());
      }
    }
    stream_.CloseSends();
  }

  // False once the stream has ended.
  bool SendPair(std::size_t index) {
    const eval::KeypointPair& pair = dataset_.pairs[index];
    client::KeypointRequest request = MakeRequest(pair, &sides_[index]);
    for (std::size_t v = 0; v < settings_.variants.size(); ++v) {
      request.options = settings_.variants[v].options;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return in_flight_ < settings_.in_flight || abandoned_; });
        if (abandoned_) return false;
        ++in_flight_;
      }
      const std::string id = std::to_string(index * settings_.variants.size() + v);
      if (!stream_.Send(id, request)) return false;
    }
    return true;
  }

  client::KeypointRequest MakeRequest(const eval::KeypointPair& pair, double* side) const {
    const std::string query = ReadFile(pair.query_path);
    const std::string reference = ReadFile(pair.reference_path);
    const cv::Mat query_image = Decode(query, pair.query_path);
    const cv::Mat reference_image = Decode(reference, pair.reference_path);
    client::KeypointRequest request;
    request.query = client::EncodedImage{query};
    request.reference = client::EncodedImage{reference};
    for (const client::Point& point : pair.keypoints) {
      request.keypoints.push_back(Inside(point, query_image));
    }
    request.model = settings_.match.Model();
    const std::lock_guard lock(mutex_);
    *side =
        pair.box_side > 0 ? pair.box_side : std::max(reference_image.cols, reference_image.rows);
    return request;
  }

  void Take(client::StreamAnswer answer) {
    watchdog_.Kick();
    progress_.Step();
    const std::size_t number = std::strtoul(answer.id.c_str(), nullptr, 10);
    KeypointOutcome outcome;
    outcome.pair = number / settings_.variants.size();
    outcome.variant = number % settings_.variants.size();
    const std::lock_guard lock(mutex_);
    --in_flight_;
    changed_.notify_all();
    if (outcome.pair >= dataset_.pairs.size()) {
      result_.failures.push_back("an answer to \"" + answer.id + "\", which was not asked");
      return;
    }
    const eval::KeypointPair& pair = dataset_.pairs[outcome.pair];
    const client::Status status = answer.response.status();
    if (!status.ok() || answer.response->matches.size() != pair.truth.size()) {
      result_.failures.push_back(pair.name + ": " +
                                 (status.ok() ? "not one match a keypoint" : status.ToString()));
      return;
    }
    outcome.side = sides_[outcome.pair];
    outcome.statistics = answer.response->statistics;
    outcome.matches = std::move(answer.response->matches);
    for (std::size_t i = 0; i < pair.truth.size(); ++i) {
      outcome.errors.push_back(client::EndPointError(outcome.matches[i].reference, pair.truth[i]));
    }
    result_.outcomes.push_back(std::move(outcome));
  }

  void Abandon() {
    stream_.Cancel();
    LetSenderGo();
  }

  void LetSenderGo() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
  }

  const eval::KeypointDataset& dataset_;
  const RunSettings& settings_;
  mutable std::mutex mutex_;  // guards all but the stream, the bar and the dog
  std::condition_variable changed_;
  int in_flight_ = 0;
  bool abandoned_ = false;
  std::vector<double> sides_;  // L of each pair, once it was sent
  RunResult<KeypointOutcome> result_;
  client::TransferStream stream_;
  Progress progress_;
  Watchdog watchdog_;
};

}  // namespace

RunResult<KeypointOutcome> RunKeypoints(const eval::KeypointDataset& dataset,
                                        const RunSettings& settings) {
  return KeypointRun(dataset, settings).Run();
}

}  // namespace nemf::cli
