#ifndef NEMF_CLIENT_INCLUDE_NEMF_MODELS_H_
#define NEMF_CLIENT_INCLUDE_NEMF_MODELS_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nemf::client {

// Where a version of a model stands.
enum class VersionState {
  kUnknown,    // a word of a newer server
  kAvailable,  // on the server's disk, not loaded
  kLoading,    // being verified, loaded and warmed
  kReady,      // answers requests
  kRetiring,   // gets no new requests; the ones that have begun finish
  kFailed,     // could not be loaded
};

// "READY" and so on; "UNKNOWN" for kUnknown.
const char* VersionStateName(VersionState state);

// What is known of a version once it has been loaded.
struct LoadedVersion {
  std::string device;                               // "cpu" or "cuda:N"
  std::chrono::system_clock::time_point loaded_at;  // when it became ready
  double load_seconds = 0;                          // verifying, loading and warming
  std::string encoder_sha256;                       // lower-case hexadecimal
  std::string field_sha256;
  std::string provenance_json;  // where it comes from: a JSON text; empty: not told
};

struct ModelVersion {
  std::string version;
  VersionState state = VersionState::kUnknown;
  std::string reason;       // why the last try to load it did not succeed; else empty
  std::uint64_t bytes = 0;  // of its files
  std::optional<LoadedVersion> loaded;
};

struct Model {
  std::string name;
  bool is_default = false;      // answers requests that name no model
  std::string current_version;  // answers requests that name no version; empty: none is loaded
  std::string pinned_version;   // the operator's choice; empty: the newest that loads
  std::vector<ModelVersion> versions;  // the newest first
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_INCLUDE_NEMF_MODELS_H_
