#ifndef NEMF_SERVER_ENGINE_TASK_PLAN_H_
#define NEMF_SERVER_ENGINE_TASK_PLAN_H_

#include <memory>
#include <vector>

#include "server/engine/active_set.h"
#include "server/engine/engine.h"
#include "server/engine/image.h"
#include "server/engine/match_options.h"

namespace nemf {

// A keypoint's place between the query's pixels: up to four of them (row-major, with repeats where
// the point lies on a row or column of pixels) and how far it is from the first.
struct KeypointSupport {
  int pixel[4];
  float fraction_x;
  float fraction_y;
};

// The support of a point, which is moved into the image first.
KeypointSupport FindSupport(Point keypoint, ImageSize size);

// What one matching task is asked to do; fixed when it starts.
struct TaskPlan {
  // `keypoints` empty: all pixels of the query.
  TaskPlan(std::shared_ptr<const EncodedPair> pair, std::vector<Point> keypoints,
           const MatchOptions& options);
  // One query point against a grid of reference points (Engine::StartField()).
  TaskPlan(std::shared_ptr<const EncodedPair> pair, Point query, ImageSize nodes);

  bool dense() const { return keypoints.empty(); }
  // Whether the points of the answer are the nodes of `field_nodes`, all against keypoints[0].
  bool samples_field() const { return field_nodes.width > 0; }
  int num_points() const;
  // PatchMatch iterations and gradient steps that the refinement asks for.
  int iterations() const;
  int optimize_steps() const;

  std::shared_ptr<const EncodedPair> pair;
  std::vector<Point> keypoints;
  std::vector<KeypointSupport> supports;  // of the keypoints
  MatchOptions options;
  ActiveSet active;
  ImageSize field_nodes = {};
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_TASK_PLAN_H_
