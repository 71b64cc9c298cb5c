#ifndef NEMF_SERVER_SERVICE_SECURITY_ACCESS_CONTROL_H_
#define NEMF_SERVER_SERVICE_SECURITY_ACCESS_CONTROL_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"
#include "server/base/clock.h"
#include "server/service/security/token_file.h"

namespace nemf {

// Metadata with the token: "Bearer TOKEN".
inline constexpr char kAuthorizationKey[] = "authorization";

// Who calls.
struct Caller {
  // The same for all calls of one client: its token's name; without tokens its certificate's common
  // name, or the address that it calls from, without the port.
  std::string client;
  bool admin = false;  // by its token
};

// Says who may call what. Asked by every call of the project's own services; health and reflection
// answer everybody who gets a connection. Safe from any thread.
class AccessControl {
 public:
  // `tokens_file`: see TokenTable; empty: everybody may call. Errors are those of
  // TokenFile::Open().
  static absl::StatusOr<std::unique_ptr<AccessControl>> Create(const std::string& tokens_file,
                                                               Clock* clock, TokenFile::Warn warn);

  // The caller; UNAUTHENTICATED names the rule that it broke, and never what it sent.
  absl::StatusOr<Caller> Authenticate(const grpc::ServerContextBase& context) const;

  // Whether the caller may load and unload models: it needs a token with the role admin. Where the
  // server has no tokens everybody may, as everybody may do everything else. UNAUTHENTICATED or
  // PERMISSION_DENIED.
  absl::Status MayAdministerModels(const grpc::ServerContextBase& context) const;

 private:
  explicit AccessControl(std::unique_ptr<TokenFile> tokens) : tokens_(std::move(tokens)) {}

  const std::unique_ptr<TokenFile> tokens_;  // null: none are asked for
};

// "ipv4:10.0.0.7:51234" as "ipv4:10.0.0.7".
std::string AddressWithoutPort(absl::string_view peer);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_SECURITY_ACCESS_CONTROL_H_
