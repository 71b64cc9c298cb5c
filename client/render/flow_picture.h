#ifndef NEMF_CLIENT_RENDER_FLOW_PICTURE_H_
#define NEMF_CLIENT_RENDER_FLOW_PICTURE_H_

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "nemf/flow_field.h"

namespace nemf::client {

// The field in colours (FlowColor, FlowScale) at one pixel each, over a strip with the legend: the
// colour disc, the magnitude of its rim, and the field's mean and largest magnitudes. BGR; wider
// than the field where the legend needs the room.
cv::Mat DrawFlow(const FlowField& field);

// One state of a flow and what it is called.
struct NamedFlow {
  std::string name;
  const FlowField* field;  // not null
};

// The states of one flow side by side, each under its name: above in colours, all by the scale of
// the last, below the reference (8-bit BGR) warped by it. At least one state, all of one size. BGR.
cv::Mat DrawFlowRow(const std::vector<NamedFlow>& states, const cv::Mat& reference);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_FLOW_PICTURE_H_
