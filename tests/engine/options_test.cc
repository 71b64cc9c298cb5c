#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <ostream>

#include "server/engine/engine.h"
#include "server/engine/match_options.h"

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
        BrokenRule{"weight_decay", [](auto* o) { o->weight_decay = NAN; }}));

TEST(MatchOptions, DefaultsAndBoundsAreValid) {
  MatchOptions options;
  EXPECT_TRUE(options.Validate().ok());
  options.patchmatch_iterations = 0;
  options.optimize_steps = 0;
  options.search_radius = 2;
  options.final_learning_rate = options.learning_rate;
  options.weight_decay = 0;
  EXPECT_TRUE(options.Validate().ok());
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
