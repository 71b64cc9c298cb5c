#ifndef NEMF_CLIENT_RENDER_FLOW_COLOR_H_
#define NEMF_CLIENT_RENDER_FLOW_COLOR_H_

#include <opencv2/core.hpp>

#include "nemf/flow_field.h"

namespace nemf::client {

// Returns the colour (8-bit BGR) of a displacement in units of the largest magnitude shown. The hue
// is the direction (right red, down yellow, left cyan, up violet) and the saturation the magnitude:
// 0 is white, 1 is fully saturated, and beyond 1 the colour is darkened by a quarter. NaN and
// infinite displacements are black.
//
// The colour wheel is that of the Middlebury evaluation (S. Baker et al., "A Database and
// Evaluation Methodology for Optical Flow", IJCV 2011): 55 hues, with more steps where the eye
// distinguishes more.
cv::Vec3b FlowColor(float dx, float dy);

// Returns the 99th percentile of the magnitudes of the finite displacements, pixels, at least 1e-3:
// a scale that is robust to outliers.
float FlowScale(const FlowField& field);

// Draws the flow in colours, 8-bit BGR, one pixel per displacement. A magnitude of `scale` (pixels,
// > 0) is fully saturated.
cv::Mat ColorFlow(const FlowField& field, float scale);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_FLOW_COLOR_H_
