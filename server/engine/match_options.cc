#include "server/engine/match_options.h"

#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace nemf {

namespace {

// Returns INVALID_ARGUMENT for a broken rule: "MatchOptions.seed = 3, must be ...".
template <typename T>
absl::Status Broken(absl::string_view field, T value, absl::string_view rule) {
  return absl::InvalidArgumentError(absl::StrCat("MatchOptions.", field, " = ", value, ", ", rule));
}

// Comparisons are written so that a NaN breaks the rule.
absl::Status ValidateRates(const MatchOptions& options) {
  if (!(options.learning_rate > 0 && options.learning_rate <= 1)) {
    return Broken("learning_rate", options.learning_rate, "must be in (0, 1]");
  }
  if (!(options.final_learning_rate >= 0)) {
    return Broken("final_learning_rate", options.final_learning_rate, "must be >= 0");
  }
  if (!(options.final_learning_rate <= options.learning_rate)) {
    return Broken("final_learning_rate", options.final_learning_rate,
                  absl::StrCat("must be <= learning_rate = ", options.learning_rate));
  }
  if (!(options.weight_decay >= 0 && options.weight_decay <= 1)) {
    return Broken("weight_decay", options.weight_decay, "must be in [0, 1]");
  }
  return absl::OkStatus();
}

absl::Status ValidateSavings(const MatchOptions& options) {
  if (options.lattice_stride < 1 || options.lattice_stride > kMaxLatticeStride) {
    return Broken("lattice_stride", options.lattice_stride,
                  absl::StrCat("must be in [1, ", kMaxLatticeStride, "]"));
  }
  if (options.upsample_candidates < 0 || options.upsample_candidates > kMaxUpsampleNodes) {
    return Broken("upsample_candidates", options.upsample_candidates,
                  absl::StrCat("must be in [0, ", kMaxUpsampleNodes, "]"));
  }
  if (options.search_candidates < 1 || options.search_candidates > kMaxSearchCandidates) {
    return Broken("search_candidates", options.search_candidates,
                  absl::StrCat("must be in [1, ", kMaxSearchCandidates, "]"));
  }
  if (!(options.search_decay > 0 && options.search_decay <= 1)) {
    return Broken("search_decay", options.search_decay, "must be in (0, 1]");
  }
  return absl::OkStatus();
}

}  // namespace

float MatchOptions::SearchRadius(int iteration, int candidate) const {
  const double decays = iteration + static_cast<double>(candidate) / search_candidates;
  return static_cast<float>(search_radius * std::pow(static_cast<double>(search_decay), decays));
}

absl::Status MatchOptions::Validate() const {
  if (refinement < Refinement::kCoarse || refinement > Refinement::kPatchMatchAndOptimize) {
    return Broken("refinement", static_cast<int>(refinement), "must be one of the enumerators");
  }
  if (patchmatch_iterations < 0) {
    return Broken("patchmatch_iterations", patchmatch_iterations, "must be >= 0");
  }
  if (!(search_radius > 0 && search_radius <= 2)) {
    return Broken("search_radius", search_radius, "must be in (0, 2]");
  }
  if (optimize_steps < 0) return Broken("optimize_steps", optimize_steps, "must be >= 0");
  if (absl::Status status = ValidateRates(*this); !status.ok()) return status;
  return ValidateSavings(*this);
}

}  // namespace nemf
