#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <ostream>

#include "server/engine/load_model.h"
#include "server/engine/match_options.h"
#include "server/engine/presets.h"

namespace nemf {
namespace {

using ::testing::HasSubstr;

struct BrokenRule {
  std::string field;  // the message names it
  std::function<void(MatchOptions*)> change;
};

// What ctest calls the case.
void PrintTo(const BrokenRule& rule, std::ostream* out) { *out << rule.field; }

class MatchOptionsRule : public ::testing::TestWithParam<BrokenRule> {};

TEST_P(MatchOptionsRule, IsNamedWhenBroken) {
  MatchOptions options;
  GetParam().change(&options);
  const absl::Status status = options.Validate();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("MatchOptions." + GetParam().field + " = "));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, MatchOptionsRule,
    ::testing::Values(
        BrokenRule{"refinement", [](auto* o) { o->refinement = static_cast<Refinement>(3); }},
        BrokenRule{"refinement", [](auto* o) { o->refinement = static_cast<Refinement>(-1); }},
        BrokenRule{"patchmatch_iterations", [](auto* o) { o->patchmatch_iterations = -1; }},
        BrokenRule{"search_radius", [](auto* o) { o->search_radius = 0; }},
        BrokenRule{"search_radius", [](auto* o) { o->search_radius = 2.1f; }},
        BrokenRule{"search_radius", [](auto* o) { o->search_radius = NAN; }},
        BrokenRule{"optimize_steps", [](auto* o) { o->optimize_steps = -1; }},
        BrokenRule{"learning_rate", [](auto* o) { o->learning_rate = 0; }},
        BrokenRule{"learning_rate", [](auto* o) { o->learning_rate = 1.5f; }},
        BrokenRule{"learning_rate", [](auto* o) { o->learning_rate = NAN; }},
        BrokenRule{"final_learning_rate", [](auto* o) { o->final_learning_rate = -1e-6f; }},
        BrokenRule{"final_learning_rate", [](auto* o) { o->final_learning_rate = 1e-3f; }},
        BrokenRule{"final_learning_rate", [](auto* o) { o->final_learning_rate = NAN; }},
        BrokenRule{"weight_decay", [](auto* o) { o->weight_decay = -0.1f; }},
        BrokenRule{"weight_decay", [](auto* o) { o->weight_decay = 1.1f; }},
        BrokenRule{"weight_decay", [](auto* o) { o->weight_decay = NAN; }},
        BrokenRule{"lattice_stride", [](auto* o) { o->lattice_stride = 0; }},
        BrokenRule{"lattice_stride", [](auto* o) { o->lattice_stride = 65; }},
        BrokenRule{"upsample_candidates", [](auto* o) { o->upsample_candidates = -1; }},
        BrokenRule{"upsample_candidates", [](auto* o) { o->upsample_candidates = 5; }},
        BrokenRule{"search_candidates", [](auto* o) { o->search_candidates = 0; }},
        BrokenRule{"search_candidates", [](auto* o) { o->search_candidates = 17; }},
        BrokenRule{"search_decay", [](auto* o) { o->search_decay = 0; }},
        BrokenRule{"search_decay", [](auto* o) { o->search_decay = 1.1f; }},
        BrokenRule{"search_decay", [](auto* o) { o->search_decay = NAN; }}));

TEST(MatchOptions, DefaultsAndBoundsAreValid) {
  MatchOptions options;
  EXPECT_TRUE(options.Validate().ok());
  options.patchmatch_iterations = 0;
  options.optimize_steps = 0;
  options.search_radius = 2;
  options.final_learning_rate = options.learning_rate;
  options.weight_decay = 0;
  options.lattice_stride = 64;
  options.upsample_candidates = 4;
  options.search_candidates = 16;
  options.search_decay = 1e-3f;
  EXPECT_TRUE(options.Validate().ok());
}

TEST(MatchOptions, PresetsAreValid) {
  for (const MatchOptions& options : {ReferenceSchedule(), BalancedSchedule(), FastSchedule()}) {
    EXPECT_TRUE(options.Validate().ok()) << options.Validate();
  }
}

TEST(MatchOptions, TheSearchNarrowsEvenly) {
  MatchOptions options;
  EXPECT_EQ(options.SearchRadius(19, 0), options.search_radius);
  options.search_candidates = 2;
  options.search_decay = 0.25f;
  EXPECT_EQ(options.SearchRadius(0, 0), options.search_radius);
  EXPECT_FLOAT_EQ(options.SearchRadius(0, 1), options.search_radius / 2);
  EXPECT_FLOAT_EQ(options.SearchRadius(1, 0), options.search_radius / 4);
  EXPECT_FLOAT_EQ(options.SearchRadius(3, 1), options.search_radius / 128);
}

TEST(EngineOptions, KnowsItsDevices) {
  for (const char* device : {"auto", "cpu", "cuda:0", "cuda:12"}) {
    EXPECT_TRUE(EngineOptions({device, 0}).Validate().ok()) << device;
  }
  for (const char* device : {"", "gpu", "cuda", "cuda:", "cuda:-1", "cuda:x", "CPU"}) {
    const absl::Status status = EngineOptions({device, 0}).Validate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << device;
    EXPECT_THAT(std::string(status.message()), HasSubstr("EngineOptions.device")) << device;
  }
}

TEST(EngineOptions, BoundsItsThreads) {
  EXPECT_TRUE(EngineOptions({"cpu", 1}).Validate().ok());
  for (const int threads : {-1, 100000}) {
    const absl::Status status = EngineOptions({"cpu", threads}).Validate();
    EXPECT_THAT(std::string(status.message()), HasSubstr("EngineOptions.threads"));
  }
}

}  // namespace
}  // namespace nemf
