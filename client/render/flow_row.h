#ifndef NEMF_CLIENT_RENDER_FLOW_ROW_H_
#define NEMF_CLIENT_RENDER_FLOW_ROW_H_

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "nemf/flow_field.h"

namespace nemf::client {

// One state of a flow and what it is called.
struct NamedFlow {
  std::string name;
  const FlowField* field;  // not null
};

// The states of one flow side by side, each under its name: above in colours, all by the scale of
// the last, below the reference (8-bit BGR) warped by it. At least one state, all of one size. BGR.
cv::Mat DrawFlowRow(const std::vector<NamedFlow>& states, const cv::Mat& reference);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_FLOW_ROW_H_
