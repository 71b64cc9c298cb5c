#include "server/service/rpc/status_conversion.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace nemf {
namespace {

// Returns whether the byte continues a UTF-8 character (10xxxxxx).
bool Continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

std::string CutMessage(absl::string_view message) {
  constexpr absl::string_view kEllipsis = "...";
  if (message.size() <= kMaxStatusMessageBytes) return std::string(message);
  std::size_t end = kMaxStatusMessageBytes - kEllipsis.size();
  while (end > 0 && Continues(message[end])) --end;
  return absl::StrCat(message.substr(0, end), kEllipsis);
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  // Both enumerations are the canonical codes, with the same numbers.
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), CutMessage(status.message()));
}

}  // namespace nemf
