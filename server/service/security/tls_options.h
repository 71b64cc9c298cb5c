#ifndef NEMF_SERVER_SERVICE_SECURITY_TLS_OPTIONS_H_
#define NEMF_SERVER_SERVICE_SECURITY_TLS_OPTIONS_H_

#include <string>

#include "absl/status/status.h"

namespace nemf {

// How clients reach the server. All files are PEM.
struct TlsOptions {
  std::string certificate_file = {};  // the server's chain, leaf first; empty: plaintext
  std::string key_file = {};          // its private key; given with the certificate and only then
  // The authorities that a client's certificate must be signed by (mTLS); empty: none is asked for.
  std::string client_ca_file = {};
  // The files are read again this often, seconds, 1 to 86,400; new connections get what they say.
  // A certificate and a key that do not belong together are left out, and the old pair stays.
  int reload_seconds = 60;

  bool enabled() const { return !certificate_file.empty(); }

  // INVALID_ARGUMENT that names the first broken rule. Reads no file.
  absl::Status Validate() const;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_SECURITY_TLS_OPTIONS_H_
