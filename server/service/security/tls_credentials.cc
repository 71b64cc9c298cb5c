#include "server/service/security/tls_credentials.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"

namespace nemf {
namespace {

absl::Status BadFile(const char* option, const std::string& path, const char* what) {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return absl::FailedPreconditionError(absl::StrCat("TlsOptions.", option, " = \"", path,
                                                    "\": ", what, reason == nullptr ? "" : ": ",
                                                    reason == nullptr ? "" : reason));
}

// Returns OK if the TLS library accepts the files.
absl::Status CheckFiles(const TlsOptions& options) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()),
                                                                  &SSL_CTX_free);
  if (context == nullptr) return absl::InternalError("the TLS library does not start");
  ERR_clear_error();
  const char* certificate = options.certificate_file.c_str();
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate) != 1) {
    return BadFile("certificate_file", certificate, "not a PEM certificate chain");
  }
  const char* key = options.key_file.c_str();
  if (SSL_CTX_use_PrivateKey_file(context.get(), key, SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return BadFile("key_file", key, "not the certificate's private key in PEM");
  }
  const char* client_ca = options.client_ca_file.c_str();
  if (!options.client_ca_file.empty() &&
      SSL_CTX_load_verify_locations(context.get(), client_ca, nullptr) != 1) {
    return BadFile("client_ca_file", client_ca, "no PEM certificates");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status TlsOptions::Validate() const {
  if (certificate_file.empty() != key_file.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("TlsOptions.certificate_file = \"",
                                                   certificate_file, "\" and key_file = \"",
                                                   key_file, "\", must be given together"));
  }
  if (!client_ca_file.empty() && !enabled()) {
    return absl::InvalidArgumentError(
        absl::StrCat("TlsOptions.client_ca_file = \"", client_ca_file,
                     "\", must not be given without certificate_file"));
  }
  if (reload_seconds < 1 || reload_seconds > 86'400) {
    return absl::InvalidArgumentError(absl::StrCat("TlsOptions.reload_seconds = ", reload_seconds,
                                                   ", must be >= 1 and <= 86400"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsOptions& options) {
  if (!options.enabled()) return grpc::InsecureServerCredentials();
  if (absl::Status status = CheckFiles(options); !status.ok()) return status;
  grpc::experimental::TlsServerCredentialsOptions tls(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          options.key_file, options.certificate_file, options.client_ca_file,
          static_cast<unsigned int>(options.reload_seconds)));
  tls.watch_identity_key_cert_pairs();
  if (!options.client_ca_file.empty()) {
    tls.watch_root_certs();
    tls.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(tls);
}

}  // namespace nemf
