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

// Key of the metadata with the token, "Bearer TOKEN".
inline constexpr char kAuthorizationKey[] = "authorization";

// The client of a call.
struct Caller {
  // The same for all calls of one client: its token's name; without tokens, its certificate's
  // common name, or otherwise its address without the port.
  std::string client;
  bool admin = false;  // has a token with the role admin
};

// Decides who may call what. Every call of the project's own services checks it; health and
// reflection answer every client that is connected. Thread-safe.
class AccessControl {
 public:
  // Reads `tokens_file` (see TokenTable); empty: every client may call. Errors are those of
  // TokenFile::Open().
  static absl::StatusOr<std::unique_ptr<AccessControl>> Create(const std::string& tokens_file,
                                                               Clock* clock, TokenFile::Warn warn);

  // Returns the caller. UNAUTHENTICATED names the broken rule and never repeats what was sent.
  absl::StatusOr<Caller> Authenticate(const grpc::ServerContextBase& context) const;

  // Returns OK if the caller may load and unload models: if it has a token with the role admin, or
  // if the server has no tokens. Otherwise UNAUTHENTICATED or PERMISSION_DENIED.
  absl::Status MayAdministerModels(const grpc::ServerContextBase& context) const;

 private:
  explicit AccessControl(std::unique_ptr<TokenFile> tokens) : tokens_(std::move(tokens)) {}

  const std::unique_ptr<TokenFile> tokens_;  // null: no token is needed
};

// Returns "ipv4:10.0.0.7" for "ipv4:10.0.0.7:51234".
std::string AddressWithoutPort(absl::string_view peer);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_SECURITY_ACCESS_CONTROL_H_
