#include "server/service/rpc/rpc_context.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/scheduling/retry_pushback.h"

namespace nemf {
namespace {

// gRPC's clients wait for this long before they try again (gRFC A6).
constexpr char kRetryPushbackKey[] = "grpc-retry-pushback-ms";

// Returns whether an id may stand in a log line and in a header as it is.
bool Acceptable(absl::string_view id) {
  constexpr std::size_t kMaxBytes = 128;
  return !id.empty() && id.size() <= kMaxBytes && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
}

// Returns the client's metadata under this key; empty if there is none.
std::string MetadataValue(const grpc::CallbackServerContext& context, const char* key) {
  const auto& metadata = context.client_metadata();
  const auto entry = metadata.find(key);
  if (entry == metadata.end()) return "";
  return std::string(entry->second.data(), entry->second.size());
}

std::string RequestId(const grpc::CallbackServerContext& context) {
  if (std::string id = MetadataValue(context, kRequestIdKey); Acceptable(id)) return id;
  thread_local absl::BitGen random;
  return absl::StrCat(absl::Hex(absl::Uniform<std::uint64_t>(random), absl::kZeroPad16),
                      absl::Hex(absl::Uniform<std::uint64_t>(random), absl::kZeroPad16));
}

// Returns the client's deadline; the infinite future if it has none.
absl::Time DeadlineOf(const grpc::CallbackServerContext& context) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return absl::InfiniteFuture();
  return absl::FromChrono(deadline);
}

// Longer than the server then still answers, see GrpcServer::Shutdown().
constexpr absl::Duration kRetryWhenClosed = absl::Milliseconds(500);

absl::Status Closed() {
  return WithRetryAfter(absl::UnavailableError("the server is shutting down"), kRetryWhenClosed);
}

}  // namespace

RpcContext::RpcContext(const RpcEnvironment* environment, const char* method,
                       grpc::CallbackServerContext* context)
    : RpcContext(environment, method,
                 CallHeader{.request_id = RequestId(*context), .deadline = DeadlineOf(*context)}) {
  context_ = context;
  context->AddTrailingMetadata(kRequestIdKey, header_.request_id);
  if (environment->trust_priority) header_.priority = MetadataValue(*context, kPriorityKey);
  absl::StatusOr<Caller> caller = environment->access->Authenticate(*context);
  if (caller.ok()) header_.client = std::move(caller->client);
  admission_.Update(caller.status());
}

RpcContext::RpcContext(const RpcEnvironment* environment, const char* method, CallHeader header)
    : environment_(*environment),
      method_(method),
      slot_(environment->gate->Enter()),
      header_(std::move(header)),
      admission_(slot_ != nullptr ? absl::OkStatus() : Closed()),
      start_(environment->clock->Now()) {}

void RpcContext::Record(const absl::Status& status, CallCost cost) const {
  const std::optional<std::int64_t> pushback = RetryPushbackMs(status);
  if (context_ != nullptr && pushback.has_value()) {
    context_->AddTrailingMetadata(kRetryPushbackKey, absl::StrCat(*pushback));
  }
  CallRecord record;
  record.method = method_;
  record.request_id = header_.request_id;
  record.client = header_.client;
  record.status = status;
  record.duration = environment_.clock->Now() - start_;
  record.cost = std::move(cost);
  environment_.record_call(record);
}

}  // namespace nemf
