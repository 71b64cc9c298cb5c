#include "client/load/traffic.h"

#include <cassert>
#include <string>

#include "client/load/random.h"

namespace nemf::load {
namespace {

client::Point PointInside(const Photograph& photograph, SplitMix64* random) {
  return {static_cast<float>(random->Uniform() * (photograph.width - 1)),
          static_cast<float>(random->Uniform() * (photograph.height - 1))};
}

}  // namespace

client::Status TrafficOptions::Validate() const {
  if (!(flow_share >= 0 && flow_share <= 1)) {
    return {client::Code::kInvalidArgument,
            "TrafficOptions.flow_share = " + std::to_string(flow_share) + ", must be 0 to 1"};
  }
  if (keypoints < 1 || keypoints > 10'000) {
    return {client::Code::kInvalidArgument,
            "TrafficOptions.keypoints = " + std::to_string(keypoints) + ", must be 1 to 10000"};
  }
  return {};
}

RequestPlan PlanRequest(const TrafficOptions& options, const std::vector<Photograph>& photographs,
                        std::uint64_t index) {
  assert(photographs.size() >= 2);
  SplitMix64 random = SplitMix64::ForItem(options.seed, index);
  RequestPlan plan;
  if (random.Uniform() < options.flow_share) plan.kind = RequestKind::kFlow;
  plan.query = random.Below(photographs.size());
  plan.reference = (plan.query + 1 + random.Below(photographs.size() - 1)) % photographs.size();
  if (plan.kind == RequestKind::kFlow) return plan;
  for (int i = 0; i < options.keypoints; ++i) {
    plan.keypoints.push_back(PointInside(photographs[plan.query], &random));
  }
  return plan;
}

}  // namespace nemf::load
