#ifndef NEMF_CLIENT_RENDER_FLOW_COLOR_H_
#define NEMF_CLIENT_RENDER_FLOW_COLOR_H_

#include <opencv2/core.hpp>

#include "nemf/flow_field.h"

namespace nemf::client {

// The colour (8-bit BGR) of a displacement given in units of the largest magnitude shown. The hue
// tells the direction (right red, down yellow, left cyan, up violet), the saturation the magnitude:
// zero is white, 1 is fully saturated, and beyond 1 the colour is darkened by a quarter. NaN and
// infinite displacements are black.
//
// The wheel is the one of the Middlebury evaluation (S. Baker et al., "A Database and Evaluation
// Methodology for Optical Flow", IJCV 2011): 55 hues, with more steps where the eye tells them
// apart.
cv::Vec3b FlowColor(float dx, float dy);

// The magnitude, in pixels, that all but one in a hundred of the field's finite displacements stay
// within: a scale that a few outliers cannot spoil. At least 1e-3.
float FlowScale(const FlowField& field);

// The field in colours, BGR, one pixel each; `scale` (pixels, > 0) is shown fully saturated.
cv::Mat ColorFlow(const FlowField& field, float scale);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_FLOW_COLOR_H_
