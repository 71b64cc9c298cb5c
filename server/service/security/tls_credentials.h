#ifndef NEMF_SERVER_SERVICE_SECURITY_TLS_CREDENTIALS_H_
#define NEMF_SERVER_SERVICE_SECURITY_TLS_CREDENTIALS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "grpcpp/security/server_credentials.h"
#include "server/service/security/tls_options.h"

namespace nemf {

// Returns credentials that follow the options' files, or plaintext ones. FAILED_PRECONDITION names
// the file that cannot be used now; gRPC itself would fail every handshake instead. Requires
// options.Validate().ok().
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsOptions& options);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_SECURITY_TLS_CREDENTIALS_H_
