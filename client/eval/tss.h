#ifndef NEMF_CLIENT_EVAL_TSS_H_
#define NEMF_CLIENT_EVAL_TSS_H_

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "nemf/flow_field.h"

namespace nemf::eval {

// The TSS data set (Taniai et al., CVPR 2016): dense flow between two photographs.

// One direction of one pair: FOLDER/image1.png to image2.png with flow1.flo and mask1.png, or the
// other way round with flow2.flo and mask2.png.
struct FlowPair {
  std::string name;      // "JODS/car_01_02 1 > 2"
  std::string category;  // "JODS"
  std::string query_path;
  std::string reference_path;
  std::string flow_path;  // of the truth, on the query's grid
  std::string mask_path;  // of the query; not black is foreground
  // flip_gt.txt: the truth leads to the reference mirrored left to right.
  bool mirrored = false;
};

struct FlowDataset {
  std::vector<FlowPair> pairs;
  std::vector<std::string> problems;  // "FILE: what is wrong", for folders that are left out
};

// Every folder GROUP/PAIR below `root` with a flow1.flo, in the order of their names; both
// directions. Throws DatasetError where there is none.
FlowDataset ReadTss(const std::string& root);

// How much of the foreground is right.
struct TssScore {
  int pixels = 0;    // of the foreground with a known flow
  int correct = 0;   // of these, within 5 pixels once the query's longer side is scaled to 100
  double error = 0;  // mean distance of the scaled flows, pixels

  double Share() const { return pixels > 0 ? static_cast<double>(correct) / pixels : 0; }
};

// Compares flows of one size. `mask` is 8-bit, one channel, of that size; a true displacement that
// is not finite or larger than 1e9 is unknown.
TssScore ScoreFlow(const client::FlowField& flow, const client::FlowField& truth,
                   const cv::Mat& mask);

}  // namespace nemf::eval

#endif  // NEMF_CLIENT_EVAL_TSS_H_
