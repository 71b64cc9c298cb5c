#include "server/service/model_admin/model_messages.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "server/service/rpc/status_conversion.h"

namespace nemf {
namespace {

v1::ModelVersion::State ToMessage(VersionState state) {
  switch (state) {
    case VersionState::kAvailable:
      return v1::ModelVersion::AVAILABLE;
    case VersionState::kLoading:
      return v1::ModelVersion::LOADING;
    case VersionState::kReady:
      return v1::ModelVersion::READY;
    case VersionState::kRetiring:
      return v1::ModelVersion::RETIRING;
    case VersionState::kFailed:
      return v1::ModelVersion::FAILED;
  }
  return v1::ModelVersion::STATE_UNSPECIFIED;
}

// A reason may quote bytes of a broken file, but a message must be UTF-8.
std::string Printable(absl::string_view text) {
  std::string printable(text.substr(0, kMaxStatusMessageBytes));
  for (char& byte : printable) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(byte))) byte = '?';
  }
  return printable;
}

v1::ModelVersion ToMessage(const VersionStatus& version) {
  v1::ModelVersion message;
  message.set_version(version.version);
  message.set_state(ToMessage(version.state));
  message.set_reason(Printable(version.reason));
  message.set_bytes(static_cast<std::uint64_t>(version.bytes));
  if (version.loaded_at == absl::InfinitePast()) return message;
  message.set_device(version.device);
  message.set_loaded_seconds(absl::ToDoubleSeconds(version.loaded_at - absl::UnixEpoch()));
  message.set_load_seconds(absl::ToDoubleSeconds(version.load_time));
  message.set_encoder_sha256(version.info.encoder_sha256);
  message.set_field_sha256(version.info.field_sha256);
  message.set_provenance_json(version.info.provenance);
  return message;
}

}  // namespace

v1::Model ToMessage(const ModelStatus& model) {
  v1::Model message;
  message.set_name(model.name);
  message.set_is_default(model.is_default);
  message.set_current_version(model.current_version);
  message.set_pinned_version(model.pinned_version);
  for (const VersionStatus& version : model.versions) {
    *message.add_versions() = ToMessage(version);
  }
  return message;
}

}  // namespace nemf
