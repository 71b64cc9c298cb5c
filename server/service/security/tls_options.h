#ifndef NEMF_SERVER_SERVICE_SECURITY_TLS_OPTIONS_H_
#define NEMF_SERVER_SERVICE_SECURITY_TLS_OPTIONS_H_

#include <string>

#include "absl/status/status.h"

namespace nemf {

// The TLS files of the server, all PEM.
struct TlsOptions {
  std::string certificate_file = {};  // the server's chain, leaf first; empty: plaintext
  std::string key_file = {};          // its private key; set if and only if the certificate is
  // Authorities, one of which must have signed a client's certificate (mTLS); empty: clients need
  // none.
  std::string client_ca_file = {};
  // Interval at which the files are read again for new connections, seconds, 1 to 86,400. A
  // certificate and a key that do not belong together are ignored, and the old pair stays.
  int reload_seconds = 60;

  bool enabled() const { return !certificate_file.empty(); }

  // INVALID_ARGUMENT that names the first broken rule. Reads no file.
  absl::Status Validate() const;
};

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_SECURITY_TLS_OPTIONS_H_
