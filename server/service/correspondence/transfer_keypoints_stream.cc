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
#include "grpcpp/grpcpp.h"
#include "server/scheduling/retry_pushback.h"
#include "server/service/correspondence/call_reactor.h"
#include "server/service/correspondence/correspondence_request.h"
#include "server/service/correspondence/correspondence_service.h"
#include "server/service/correspondence/parse_request.h"
#include "server/service/correspondence/response_messages.h"
#include "server/service/rpc/rpc_context.h"
#include "server/service/rpc/status_conversion.h"

namespace nemf {
namespace {

using Request = v1::TransferKeypointsStreamRequest;
using Response = v1::TransferKeypointsStreamResponse;

constexpr char kMethod[] = "TransferKeypointsStream";

// One pair of a stream, from its reading until its answer is written. It counts as a call in
// flight of its own, so a shutdown waits for the pairs and not for an idle stream.
struct StreamPair {
  StreamPair(const ServiceEnvironment* environment, CallHeader header, Request message)
      : message(std::move(message)), rpc(environment, kMethod, std::move(header)) {}

  const Request message;
  const RpcContext rpc;
  std::shared_ptr<CorrespondenceRequest> request;
  Response answer;
};

// Reads pairs while fewer than `max_stream_pairs` wait for an answer, starts each, and writes the
// answers as they come. The call ends when nothing is outstanding: no read, no write, no pair.
class TransferStreamReactor final
    : public CallReactor<grpc::ServerBidiReactor<Request, Response>, Response> {
 public:
  // `rpc`: of the stream as a whole.
  TransferStreamReactor(const ServiceEnvironment* environment, const RpcContext& rpc)
      : environment_(environment), header_(rpc.header()), refusal_(rpc.admission()) {}

  void Start() {
    Handle([] {});
  }

  void OnReadDone(bool ok) override {
    // Until the read counts as done, an answer that comes within Launch() cannot end the call.
    if (ok) Launch(MakePair());
    Handle([this, ok]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      reading_ = false;
      half_closed_ = half_closed_ || !ok;
    });
  }

  void OnWriteDone(bool ok) override {
    if (!ok) Break();
    Handle([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      writing_ = false;
      pairs_.erase(answers_.front());
      answers_.pop_front();
    });
  }

  void OnCancel() override {
    Break();
    Handle([] {});
  }

 private:
  using PairPtr = std::shared_ptr<StreamPair>;

  // Makes a pair of the message that was just read.
  PairPtr MakePair() {
    CallHeader header = header_;
    absl::StrAppend(&header.request_id, "/", number_of_pairs_++);
    auto pair = std::make_shared<StreamPair>(environment_, std::move(header), std::move(incoming_));
    incoming_ = Request();
    pair->request = std::make_shared<CorrespondenceRequest>(
        environment_, pair->rpc.header(), PairMessage(pair->message.request()),
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
    if (broken) pair->request->Cancel();
    if (!pair->rpc.admission().ok()) return OnAnswer(pair.get(), pair->rpc.admission());
    pair->request->Start(ParseTransfer(pair->message.request(), environment_->limits));
  }

  // Called on any thread. The pair is one of pairs_ until its answer was written or dropped.
  void OnAnswer(StreamPair* pair, absl::Status status) {
    pair->answer.set_id(pair->message.id());
    if (status.ok()) {
      *pair->answer.mutable_response() = ToTransferResponse(pair->request->answer());
    } else {
      const grpc::Status error = ToGrpcStatus(status);
      pair->answer.mutable_error()->set_code(error.error_code());
      pair->answer.mutable_error()->set_message(error.error_message());
      if (const std::optional<std::int64_t> pushback = RetryPushbackMs(status)) {
        pair->answer.mutable_error()->set_retry_pushback_ms(*pushback);
      }
    }
    pair->rpc.Record(status, pair->request->answer().cost());
    Handle([this, pair]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { answers_.push_back(pair); });
  }

  // The client takes no more answers: cancels all pairs.
  void Break() {
    std::vector<PairPtr> pairs;
    {
      absl::MutexLock lock(&mutex_);
      broken_ = true;
      for (const auto& [key, pair] : pairs_) pairs.push_back(pair);
    }
    for (const PairPtr& pair : pairs) pair->request->Cancel();
  }

  Steps Decide() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!refusal_.ok()) return {.finish = refusal_};
    if (broken_ && !writing_) {
      for (StreamPair* pair : answers_) pairs_.erase(pair);
      answers_.clear();
    }
    Steps steps;
    steps.read = !reading_ && !half_closed_ && !broken_ &&
                 static_cast<int>(pairs_.size()) < environment_->limits.max_stream_pairs;
    reading_ = reading_ || steps.read;
    if (!writing_ && !answers_.empty()) {
      steps.write = &answers_.front()->answer;
    } else if (!writing_ && !reading_ && pairs_.empty()) {
      steps.finish = broken_ ? absl::CancelledError("cancelled by the client") : absl::OkStatus();
    }
    return steps;
  }

  void Read() override { StartRead(&incoming_); }

  const ServiceEnvironment* const environment_;
  const CallHeader header_;
  const absl::Status refusal_;
  // Used by the one outstanding read.
  Request incoming_;
  int number_of_pairs_ = 0;

  // The pairs that wait for an answer, or for its write.
  std::unordered_map<StreamPair*, PairPtr> pairs_ ABSL_GUARDED_BY(mutex_);
  // Those of them that have an answer; the first is being written while writing_.
  std::deque<StreamPair*> answers_ ABSL_GUARDED_BY(mutex_);
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;  // the client sends no more pairs
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;       // the client takes no more answers
};

}  // namespace

grpc::ServerBidiReactor<Request, Response>* CorrespondenceService::TransferKeypointsStream(
    grpc::CallbackServerContext* context) {
  const RpcContext rpc(environment_, kMethod, context);
  if (!rpc.admission().ok()) rpc.Record(rpc.admission(), {});
  auto* reactor = new TransferStreamReactor(environment_, rpc);
  reactor->Start();
  return reactor;
}

}  // namespace nemf
