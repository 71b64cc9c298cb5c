#ifndef NEMF_SERVER_BASE_HOST_PORT_H_
#define NEMF_SERVER_BASE_HOST_PORT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace nemf {

// An address to listen on. As text: "127.0.0.1:50051", "localhost:0" or "[::1]:50051".
struct HostPort {
  std::string host;  // a name or a numeric address, without brackets
  int port = 0;      // 0 to 65,535; 0: any free one

  std::string ToString() const;
  // Returns whether only this machine can reach it: localhost, 127.x.x.x or ::1. Returns false for
  // all other names, without looking them up.
  bool IsLoopback() const;
};

// Returns nullopt if the text is not HOST:PORT.
std::optional<HostPort> ParseHostPort(absl::string_view text);

}  // namespace nemf

#endif  // NEMF_SERVER_BASE_HOST_PORT_H_
