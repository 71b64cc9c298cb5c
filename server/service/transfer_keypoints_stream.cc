#include <deque>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "server/service/call_scope.h"
#include "server/service/correspondence_service.h"
#include "server/service/match_call.h"
#include "server/service/response_messages.h"
#include "server/service/status_conversion.h"

namespace nemf {
namespace {

using Request = v1::TransferKeypointsStreamRequest;
using Response = v1::TransferKeypointsStreamResponse;

constexpr char kMethod[] = "TransferKeypointsStream";

// One pair of a stream, from its reading until its answer is written. It counts as a call in
// flight of its own, so that a shutdown waits for the pairs and not for an idle stream.
struct StreamPair {
  StreamPair(const ServiceEnvironment* environment, std::string request_id, Request message)
      : message(std::move(message)), scope(environment, kMethod, std::move(request_id)) {}

  const Request message;
  const CallScope scope;
  std::shared_ptr<MatchCall> call;
  Response answer;
};

// Reads pairs while fewer than `max_stream_pairs` are owed an answer, starts each, and writes the
// answers as they come, one outstanding write at a time.
//
// Owns itself: gRPC calls OnDone() last, and only after Finish(). Finish() is called once, by
// whoever finds that nothing is outstanding any more: no read, no write, no pair. What is to be
// done is decided under the lock and done outside it; while it is not done, it is outstanding, so
// no other thread can finish the call meanwhile.
class TransferStreamReactor final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  TransferStreamReactor(const ServiceEnvironment* environment,
                        grpc::CallbackServerContext* context)
      : environment_(environment),
        request_id_(ExchangeRequestId(context)),
        deadline_(DeadlineOf(*context)) {}

  void Start() { Advance(); }

  void OnReadDone(bool ok) override {
    std::shared_ptr<StreamPair> pair;
    if (ok) pair = MakePair();
    {
      absl::MutexLock lock(&mutex_);
      if (ok) {
        pairs_.insert(pair);
      } else {
        half_closed_ = true;
      }
      if (broken_ && ok) pair->call->Cancel();
    }
    // The answer may come within Launch(). The read is still outstanding, and keeps this alive.
    if (ok) Launch(pair);
    {
      absl::MutexLock lock(&mutex_);
      reading_ = false;
    }
    Advance();
  }

  void OnWriteDone(bool ok) override {
    if (!ok) Break();
    {
      absl::MutexLock lock(&mutex_);
      pairs_.erase(answers_.front());
      answers_.pop_front();
      writing_ = false;
    }
    Advance();
  }

  void OnCancel() override {
    Break();
    Advance();
  }

  void OnDone() override { delete this; }

 private:
  // Of the message that was just read.
  std::shared_ptr<StreamPair> MakePair() {
    auto pair = std::make_shared<StreamPair>(
        environment_, absl::StrCat(request_id_, "/", number_of_pairs_++), std::move(incoming_));
    incoming_ = Request();
    const v1::TransferKeypointsRequest& request = pair->message.request();
    pair->call = std::make_shared<MatchCall>(
        environment_,
        MatchRequest{.query = request.query(),
                     .reference = request.reference(),
                     .options = request.options(),
                     .model = request.model(),
                     .keypoints = &request.keypoints(),
                     .deadline = deadline_},
        [this, pair = pair.get()](absl::Status status) { OnAnswer(pair, std::move(status)); });
    return pair;
  }

  void Launch(const std::shared_ptr<StreamPair>& pair) {
    if (!pair->scope.admitted()) return OnAnswer(pair.get(), CallScope::Refusal());
    // A copy, for the pair may be answered and dropped before the call's Start() returns.
    const std::shared_ptr<MatchCall> call = pair->call;
    call->Start();
  }

  // On any thread; the pair is among pairs_ until its answer was written or dropped.
  void OnAnswer(StreamPair* pair, absl::Status status) {
    pair->answer.set_id(pair->message.id());
    if (status.ok()) {
      *pair->answer.mutable_response() = ToTransferResponse(pair->call->answer());
    } else {
      const grpc::Status error = ToGrpcStatus(status);
      pair->answer.mutable_error()->set_code(error.error_code());
      pair->answer.mutable_error()->set_message(error.error_message());
    }
    pair->scope.Record(status, pair->call->answer());
    {
      absl::MutexLock lock(&mutex_);
      const auto found = std::find_if(pairs_.begin(), pairs_.end(),
                                      [pair](const auto& other) { return other.get() == pair; });
      answers_.push_back(*found);
    }
    Advance();
  }

  // Nobody reads the answers any more: makes all pairs come to their end soon.
  void Break() {
    std::vector<std::shared_ptr<StreamPair>> pairs;
    {
      absl::MutexLock lock(&mutex_);
      broken_ = true;
      pairs.assign(pairs_.begin(), pairs_.end());
    }
    for (const std::shared_ptr<StreamPair>& pair : pairs) pair->call->Cancel();
  }

  // Does whatever can be done next. Nothing of this may be touched after a call that did nothing.
  void Advance() {
    bool read = false;
    const Response* write = nullptr;
    bool finish = false;
    bool broken = false;
    std::vector<std::shared_ptr<StreamPair>> dropped;  // outside the lock
    {
      absl::MutexLock lock(&mutex_);
      broken = broken_;
      if (broken_ && !writing_) {
        for (const auto& pair : answers_) pairs_.erase(pair);
        dropped.assign(answers_.begin(), answers_.end());
        answers_.clear();
      }
      read = !reading_ && !half_closed_ && !broken_ &&
             static_cast<int>(pairs_.size()) < environment_->limits.max_stream_pairs;
      if (read) reading_ = true;
      if (!writing_ && !answers_.empty()) {
        writing_ = true;
        write = &answers_.front()->answer;
      }
      finish = !finished_ && !reading_ && !writing_ && pairs_.empty() && (half_closed_ || broken_);
      if (finish) finished_ = true;
    }
    dropped.clear();
    if (finish) {
      return Finish(broken ? ToGrpcStatus(absl::CancelledError("cancelled by the client"))
                           : grpc::Status::OK);
    }
    // Both are outstanding, so this lives until gRPC has reported both.
    if (read && write != nullptr) {
      StartRead(&incoming_);
      StartWrite(write);
    } else if (read) {
      StartRead(&incoming_);
    } else if (write != nullptr) {
      StartWrite(write);
    }
  }

  const ServiceEnvironment* const environment_;
  const std::string request_id_;
  const absl::Time deadline_;
  // Of the reading thread.
  Request incoming_;
  int number_of_pairs_ = 0;

  absl::Mutex mutex_;
  // Everything that is owed an answer.
  std::unordered_set<std::shared_ptr<StreamPair>> pairs_ ABSL_GUARDED_BY(mutex_);
  // Those that have one; the first is being written while writing_.
  std::deque<std::shared_ptr<StreamPair>> answers_ ABSL_GUARDED_BY(mutex_);
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
  if (environment_->gate->Enter() == nullptr) return new RefusedStream(CallScope::Refusal());
  auto* reactor = new TransferStreamReactor(environment_, context);
  reactor->Start();
  return reactor;
}

}  // namespace nemf
