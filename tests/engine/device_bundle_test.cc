#include <gtest/gtest.h>

#include <memory>

#include "server/engine/checks/backend_parity.h"
#include "server/engine/load_model.h"
#include "tests/engine/device_test_engine.h"

// The bundle that ships, encoder and all, through the CUDA back end's code on the host.
namespace nemf {
namespace {

class DeviceBundleTest : public ::testing::TestWithParam<Precision> {};

TEST_P(DeviceBundleTest, TheShippedModelAgreesWithTheCpu) {
  const LoadedModel cpu = LoadModel(NEMF_BUNDLE_DIR, {"cpu", 1}).value();
  const auto device = testing::LoadOnHost(NEMF_BUNDLE_DIR, GetParam()).value();
  const absl::Status status =
      CheckBackendParity(device.get(), cpu.engine.get(), AllowedDisagreement(GetParam()));
  EXPECT_TRUE(status.ok()) << status;
  // With no room at all the check sees half precision.
  if (GetParam() == Precision::kFloat16) {
    EXPECT_FALSE(CheckBackendParity(device.get(), cpu.engine.get(), {0, 0}).ok());
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, DeviceBundleTest,
                         ::testing::Values(Precision::kFloat32, Precision::kFloat16),
                         [](const auto& info) {
                           return info.param == Precision::kFloat16 ? "float16" : "float32";
                         });

}  // namespace
}  // namespace nemf
