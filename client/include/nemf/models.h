#ifndef NEMF_CLIENT_INCLUDE_NEMF_MODELS_H_
#define NEMF_CLIENT_INCLUDE_NEMF_MODELS_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nemf::client {

// State of one version of a model on the server.
enum class VersionState {
  kUnknown,    // a state that this client does not know
  kAvailable,  // on disk, not loaded
  kLoading,    // being verified, loaded and warmed up
  kReady,      // serves requests
  kRetiring,   // gets no new requests; requests in progress finish
  kFailed,     // the last attempt to load it failed
};

// Returns "READY" and so on; "UNKNOWN" for kUnknown.
const char* VersionStateName(VersionState state);

// Details of a version that has been loaded.
struct LoadedVersion {
  std::string device;                               // "cpu" or "cuda:N"
  std::chrono::system_clock::time_point loaded_at;  // when it became ready
  double load_seconds = 0;                          // to verify, load and warm up
  std::string encoder_sha256;                       // lower-case hexadecimal
  std::string field_sha256;                         // lower-case hexadecimal
  std::string provenance_json;                      // JSON from model.json; empty in ListModels()
};

struct ModelVersion {
  std::string version;
  VersionState state = VersionState::kUnknown;
  std::string reason;                   // why the last load failed; empty if it did not fail
  std::uint64_t bytes = 0;              // size of its files
  std::optional<LoadedVersion> loaded;  // nullopt if it is not loaded
};

struct Model {
  std::string name;
  bool is_default = false;             // serves requests that name no model
  std::string current_version;         // serves requests that name no version; empty: none loaded
  std::string pinned_version;          // set by the operator; empty: the newest that loads
  std::vector<ModelVersion> versions;  // newest first
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_INCLUDE_NEMF_MODELS_H_
