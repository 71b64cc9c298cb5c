#ifndef NEMF_CLIENT_RENDER_FLOW_PICTURE_H_
#define NEMF_CLIENT_RENDER_FLOW_PICTURE_H_

#include <opencv2/core.hpp>

#include "nemf/flow_field.h"

namespace nemf::client {

// The field in colours (FlowColor, FlowScale) at one pixel each, over a strip with the legend: the
// colour disc, the magnitude of its rim, and the field's mean and largest magnitudes. BGR; wider
// than the field where the legend needs the room.
cv::Mat DrawFlow(const FlowField& field);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_FLOW_PICTURE_H_
