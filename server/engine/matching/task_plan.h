#ifndef NEMF_SERVER_ENGINE_MATCHING_TASK_PLAN_H_
#define NEMF_SERVER_ENGINE_MATCHING_TASK_PLAN_H_

#include <memory>
#include <vector>

#include "server/engine/engine.h"
#include "server/engine/image.h"
#include "server/engine/match_options.h"
#include "server/engine/matching/dependency_cone.h"
#include "server/engine/matching/lattice.h"

namespace nemf {

// What one matching task is asked to do; fixed when it starts.
//
// PatchMatch works on the nodes of a lattice over the query. Mostly these are the query's pixels,
// and then each point of the answer is optimised in the finish. Where they are fewer (`strided`), a
// pass over the support's nodes optimises these, and the finish finds the points between them. All
// else that speaks of pixels - slots, supports, the random search's counters - means nodes.
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
  // The support of a point of the answer: of a keypoint, or of a pixel of a dense task.
  KeypointSupport SupportOf(int point) const;
  // PatchMatch iterations and gradient steps that the refinement asks for.
  int iterations() const;
  int optimize_steps() const;
  bool strided() const;
  // Whether the lattice's nodes are optimised: one more pass over slots, after the iterations.
  bool optimizes_nodes() const { return strided() && optimize_steps() > 0; }
  // Passes over the slots: values are double-buffered, so the finish reads buffer passes() % 2.
  int passes() const { return iterations() + (optimizes_nodes() ? 1 : 0); }

  std::shared_ptr<const EncodedPair> pair;
  std::vector<Point> keypoints;
  MatchOptions options;
  LatticeView lattice;
  std::vector<KeypointSupport> supports;  // of the keypoints, on the lattice
  DependencyCone active;
  ImageSize field_nodes = {};
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_TASK_PLAN_H_
