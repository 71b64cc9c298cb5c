#ifndef NEMF_CLIENT_RENDER_LATENCY_PICTURE_H_
#define NEMF_CLIENT_RENDER_LATENCY_PICTURE_H_

#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace nemf::client {

// The latencies of one kind of request.
struct LatencyCurve {
  std::string name;
  std::vector<double> seconds;  // not empty, each finite; in any order
};

// Draws the cumulative distribution of each curve: the fraction of its requests (upwards, 0 to 1)
// that took at most a time (to the right, logarithmic). Marks `deadline` (seconds) unless it is 0.
// Requires at most four curves. 8-bit BGR.
cv::Mat DrawLatency(const std::vector<LatencyCurve>& curves, double deadline);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_LATENCY_PICTURE_H_
