#ifndef NEMF_CLIENT_EVAL_DATASET_H_
#define NEMF_CLIENT_EVAL_DATASET_H_

#include <stdexcept>
#include <string>
#include <vector>

#include "nemf/types.h"

namespace nemf::eval {

// Data sets of image pairs with annotated correspondences. Data sets call the two images source
// and target; the literature asks about the target and searches the source, so everywhere here
//   query = target, reference = source,
// and the threshold's length L is measured in the reference, where the answers lie.

// Keypoints of one pair. Image paths are those of existing folders, not checked for the files.
struct KeypointPair {
  std::string name;      // unique within the data set: "car(G)/a.png > car(G)/b.png"
  std::string category;  // "car(G)"
  std::string query_path;
  std::string reference_path;
  std::vector<client::Point> keypoints;  // query pixels
  std::vector<client::Point> truth;      // reference pixels, one for each keypoint
  // L: the longer side of the object's box in the reference, pixels; 0: of the whole reference.
  double box_side = 0;
};

struct KeypointDataset {
  std::string name;
  std::string box;  // what L is, for the report
  std::vector<KeypointPair> pairs;
  // The annotations that were skipped: "FILE:LINE: what is wrong".
  std::vector<std::string> problems;
};

// A data set that cannot be read at all; what() names the file or folder.
class DatasetError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Each reads one layout below `root` and throws DatasetError.

// test_pairs.csv: imageA, imageB, XA1.., YA1.., XB1.., YB1..; A is the source, B the target. `root`
// is the folder with that file, or the one above it. L: the extent of the valid keypoints.
KeypointDataset ReadPfWillow(const std::string& root);

// {trn,val,test}_pairs.csv (source, target, class number), Annotations/CLASS/NAME.mat (MATLAB 5;
// kps [K][2], NaN where a keypoint is missing), JPEGImages/NAME.jpg. L: the image.
KeypointDataset ReadPfPascal(const std::string& root, const std::string& split);

// Layout/large/SPLIT.txt, PairAnnotation/SPLIT/PAIR.json, JPEGImages/CATEGORY/NAME.jpg. L: the
// annotated box.
KeypointDataset ReadSpair(const std::string& root, const std::string& split);

}  // namespace nemf::eval

#endif  // NEMF_CLIENT_EVAL_DATASET_H_
