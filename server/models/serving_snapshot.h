#ifndef NEMF_SERVER_MODELS_SERVING_SNAPSHOT_H_
#define NEMF_SERVER_MODELS_SERVING_SNAPSHOT_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/models/served_version.h"

namespace nemf {

// The versions that answer requests at one moment. Immutable once published, so requests may read
// it while the next one is made.
struct ServingSnapshot {
  struct Model {
    std::shared_ptr<ServedVersion> current;  // of requests that name no version; never null
    std::vector<std::shared_ptr<ServedVersion>> all;  // the newest first, `current` among them
  };

  std::map<std::string, Model, std::less<>> models;
  std::string default_model;  // of requests that name none

  // Returns the model `name` (empty: the default one) in version `version` (empty: the current
  // one). NOT_FOUND lists the served versions.
  absl::StatusOr<std::shared_ptr<ServedVersion>> Find(absl::string_view name,
                                                      absl::string_view version) const;

  // Returns a text such as: "a" version "3", "b" version "1"; or "no model".
  std::string ToString() const;
};

}  // namespace nemf

#endif  // NEMF_SERVER_MODELS_SERVING_SNAPSHOT_H_
