#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "server/scheduling/retry_pushback.h"
#include "server/service/correspondence/correspondence_request.h"
#include "server/service/correspondence/correspondence_service.h"
#include "server/service/correspondence/response_messages.h"
#include "server/service/rpc/rpc_context.h"
#include "server/service/rpc/status_conversion.h"

namespace nemf {
namespace {

using Request = v1::TransferKeypointsStreamRequest;
using Response = v1::TransferKeypointsStreamResponse;

constexpr char kMethod[] = "TransferKeypointsStream";

// One pair of a stream, from its reading until its answer is written. It counts as a call in
// flight of its own, so that a shutdown waits for the pairs and not for an idle stream.
struct StreamPair {
  StreamPair(const ServiceEnvironment* environment, std::string request_id, std::string client,
             Request message)
      : message(std::move(message)),
        scope(environment, kMethod, std::move(request_id), std::move(client)) {}

  const Request message;
  const RpcContext scope;
  std::shared_ptr<CorrespondenceRequest> call;
  Response answer;
};

// Reads pairs while fewer than `max_stream_pairs` are owed an answer, starts each, and writes the
// answers as they come, one outstanding write at a time.
//
// Owns itself: gRPC calls OnDone() last, and only after Finish(). Finish() is called once, by
// whoever finds nothing outstanding any more: no read, no write, no pair. Each event changes the
// state and decides on the next steps under one lock, and takes them outside it; steps that are
// decided but not yet taken are outstanding, so no other thread can finish the call meanwhile.
class TransferStreamReactor final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  // `call`: the frame around the stream as a whole.
  TransferStreamReactor(const ServiceEnvironment* environment, const RpcContext& call,
                        absl::Time deadline)
      : environment_(environment),
        request_id_(call.request_id()),
        client_(call.client()),
        priority_(call.priority()),
        deadline_(deadline) {}

  // Starts the call, or goes on with it.
  void Advance() {
    Steps steps;
    {
      absl::MutexLock lock(&mutex_);
      steps = Decide();
    }
    Take(std::move(steps));
  }

  void OnReadDone(bool ok) override {
    // Until the read counts as done, an answer that comes within Launch() cannot end the call.
    if (ok) Launch(MakePair());
    Steps steps;
    {
      absl::MutexLock lock(&mutex_);
      reading_ = false;
      if (!ok) half_closed_ = true;
      steps = Decide();
    }
    Take(std::move(steps));
  }

  void OnWriteDone(bool ok) override {
    if (!ok) Break();
    Steps steps;
    {
      absl::MutexLock lock(&mutex_);
      pairs_.erase(answers_.front());
      answers_.pop_front();
      writing_ = false;
      steps = Decide();
    }
    Take(std::move(steps));
  }

  void OnCancel() override {
    Break();
    Advance();
  }

  void OnDone() override { delete this; }

 private:
  using PairPtr = std::shared_ptr<StreamPair>;

  struct Steps {
    bool read = false;
    const Response* write = nullptr;
    bool finish = false;
    grpc::Status status;          // to finish with
    std::deque<PairPtr> dropped;  // their answers are not wanted any more
  };

  // Of the message that was just read.
  PairPtr MakePair() {
    auto pair = std::make_shared<StreamPair>(environment_,
                                             absl::StrCat(request_id_, "/", number_of_pairs_++),
                                             client_, std::move(incoming_));
    incoming_ = Request();
    const v1::TransferKeypointsRequest& request = pair->message.request();
    pair->call = std::make_shared<CorrespondenceRequest>(
        environment_,
        MatchRequest{.query = request.query(),
                     .reference = request.reference(),
                     .options = request.options(),
                     .model = request.model(),
                     .keypoints = &request.keypoints(),
                     .client = client_,
                     .priority = priority_,
                     .deadline = deadline_},
        [this, pair = pair.get()](absl::Status status) { OnAnswer(pair, std::move(status)); });
    return pair;
  }

  void Launch(const PairPtr& pair) {
    bool broken = false;
    {
      absl::MutexLock lock(&mutex_);
      pairs_.emplace(pair.get(), pair);
      broken = broken_;
    }
    if (broken) pair->call->Cancel();
    if (!pair->scope.admission().ok()) return OnAnswer(pair.get(), pair->scope.admission());
    pair->call->Start();
  }

  // On any thread. The pair is one of pairs_ until its answer was written or dropped.
  void OnAnswer(StreamPair* pair, absl::Status status) {
    pair->answer.set_id(pair->message.id());
    if (status.ok()) {
      *pair->answer.mutable_response() = ToTransferResponse(pair->call->answer());
    } else {
      const grpc::Status error = ToGrpcStatus(status);
      pair->answer.mutable_error()->set_code(error.error_code());
      pair->answer.mutable_error()->set_message(error.error_message());
      if (const std::optional<std::int64_t> pushback = RetryPushbackMs(status)) {
        pair->answer.mutable_error()->set_retry_pushback_ms(*pushback);
      }
    }
    pair->scope.Record(status, pair->call->answer().cost());
    Steps steps;
    {
      absl::MutexLock lock(&mutex_);
      answers_.push_back(pair);
      steps = Decide();
    }
    Take(std::move(steps));
  }

  // Nobody takes the answers any more: makes all pairs come to their end soon.
  void Break() {
    std::vector<PairPtr> pairs;
    {
      absl::MutexLock lock(&mutex_);
      broken_ = true;
      for (const auto& [key, pair] : pairs_) pairs.push_back(pair);
    }
    for (const PairPtr& pair : pairs) pair->call->Cancel();
  }

  Steps Decide() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Steps steps;
    if (broken_ && !writing_) {
      for (StreamPair* pair : answers_) {
        steps.dropped.push_back(std::move(pairs_.at(pair)));
        pairs_.erase(pair);
      }
      answers_.clear();
    }
    steps.read = !reading_ && !half_closed_ && !broken_ &&
                 static_cast<int>(pairs_.size()) < environment_->limits.max_stream_pairs;
    if (steps.read) reading_ = true;
    if (!writing_ && !answers_.empty()) {
      writing_ = true;
      steps.write = &answers_.front()->answer;
    }
    steps.finish = !finished_ && !reading_ && !writing_ && pairs_.empty();
    if (steps.finish) finished_ = true;
    if (broken_) steps.status = ToGrpcStatus(absl::CancelledError("cancelled by the client"));
    return steps;
  }

  // Touches nothing of this after the last step, which may be the end of it.
  void Take(Steps steps) {
    steps.dropped.clear();
    if (steps.finish) return Finish(steps.status);
    if (steps.read) StartRead(&incoming_);
    if (steps.write != nullptr) StartWrite(steps.write);
  }

  const ServiceEnvironment* const environment_;
  const std::string request_id_;
  const std::string client_;
  const std::string priority_;
  const absl::Time deadline_;
  // Of the one outstanding read.
  Request incoming_;
  int number_of_pairs_ = 0;

  absl::Mutex mutex_;
  // Everything that is owed an answer.
  std::unordered_map<StreamPair*, PairPtr> pairs_ ABSL_GUARDED_BY(mutex_);
  // Those of them that have one; the first is being written while writing_.
  std::deque<StreamPair*> answers_ ABSL_GUARDED_BY(mutex_);
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;  // the client has no more pairs
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;       // the client takes no more answers
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

// Ends a stream at once.
class RefusedStream final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  explicit RefusedStream(const absl::Status& status) { Finish(ToGrpcStatus(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerBidiReactor<Request, Response>* CorrespondenceService::TransferKeypointsStream(
    grpc::CallbackServerContext* context) {
  const RpcContext scope(environment_, kMethod, context);
  if (!scope.admission().ok()) {
    scope.Record(scope.admission(), {});
    return new RefusedStream(scope.admission());
  }
  auto* reactor = new TransferStreamReactor(environment_, scope, DeadlineOf(*context));
  reactor->Advance();
  return reactor;
}

}  // namespace nemf
