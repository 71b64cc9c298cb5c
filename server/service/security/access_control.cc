#include "server/service/security/access_control.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/auth_context.h"

namespace nemf {
namespace {

constexpr absl::string_view kScheme = "bearer ";

// Returns the token that the caller sent.
absl::StatusOr<absl::string_view> SentToken(const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  const auto entry = metadata.find(kAuthorizationKey);
  if (entry == metadata.end()) {
    return absl::UnauthenticatedError("metadata authorization is missing, must be Bearer TOKEN");
  }
  const absl::string_view value(entry->second.data(), entry->second.size());
  if (metadata.count(kAuthorizationKey) > 1 || !absl::StartsWithIgnoreCase(value, kScheme)) {
    return absl::UnauthenticatedError("metadata authorization, must be Bearer TOKEN, once");
  }
  return value.substr(kScheme.size());
}

std::string CertificateName(const grpc::ServerContextBase& context) {
  const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context();
  if (peer == nullptr || !peer->IsPeerAuthenticated()) return "";
  const std::vector<grpc::string_ref> names = peer->FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME);
  return names.empty() ? "" : std::string(names.front().data(), names.front().size());
}

}  // namespace

std::string AddressWithoutPort(absl::string_view peer) {
  if (!absl::StartsWith(peer, "ipv4:") && !absl::StartsWith(peer, "ipv6:")) {
    return std::string(peer);
  }
  return std::string(peer.substr(0, peer.rfind(':')));
}

absl::StatusOr<std::unique_ptr<AccessControl>> AccessControl::Create(const std::string& tokens_file,
                                                                     Clock* clock,
                                                                     TokenFile::Warn warn) {
  std::unique_ptr<TokenFile> tokens;
  if (!tokens_file.empty()) {
    auto opened = TokenFile::Open(tokens_file, clock, std::move(warn));
    if (!opened.ok()) return opened.status();
    tokens = *std::move(opened);
  }
  return std::unique_ptr<AccessControl>(new AccessControl(std::move(tokens)));
}

absl::StatusOr<Caller> AccessControl::Authenticate(const grpc::ServerContextBase& context) const {
  if (tokens_ == nullptr) {
    std::string name = CertificateName(context);
    return Caller{name.empty() ? AddressWithoutPort(context.peer()) : std::move(name), false};
  }
  const absl::StatusOr<absl::string_view> token = SentToken(context);
  if (!token.ok()) return token.status();
  const std::optional<TokenOwner> owner = tokens_->Find(*token);
  if (!owner) {
    return absl::UnauthenticatedError("the token is not among those that this server accepts");
  }
  return Caller{owner->name, owner->admin};
}

absl::Status AccessControl::MayAdministerModels(const grpc::ServerContextBase& context) const {
  if (tokens_ == nullptr) return absl::OkStatus();
  const absl::StatusOr<Caller> caller = Authenticate(context);
  if (!caller.ok()) return caller.status();
  if (caller->admin) return absl::OkStatus();
  return absl::PermissionDeniedError("models are administered with a token of the role admin");
}

}  // namespace nemf
