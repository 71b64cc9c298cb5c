#ifndef NEMF_CLIENT_RENDER_FLOW_PICTURE_H_
#define NEMF_CLIENT_RENDER_FLOW_PICTURE_H_

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "nemf/flow_field.h"

namespace nemf::client {

// Draws the flow in colours (FlowColor, FlowScale), one pixel per displacement, above a legend: the
// colour disc, the magnitude at its rim, and the mean and largest magnitudes. 8-bit BGR. The
// picture is wider than the flow if the legend needs more space.
cv::Mat DrawFlow(const FlowField& field);

// A state of a flow and its caption.
struct NamedFlow {
  std::string name;
  const FlowField* field;  // not null
};

// Draws the states of one flow side by side under their captions. The upper row shows their colours
// with the scale of the last state, the lower row the reference (8-bit BGR) warped by each.
// Requires at least one state and equal sizes. 8-bit BGR.
cv::Mat DrawFlowRow(const std::vector<NamedFlow>& states, const cv::Mat& reference);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_FLOW_PICTURE_H_
