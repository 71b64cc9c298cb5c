#ifndef NEMF_SERVER_ENGINE_MATCHING_TASK_PLAN_H_
#define NEMF_SERVER_ENGINE_MATCHING_TASK_PLAN_H_

#include <memory>
#include <vector>

#include "server/engine/engine.h"
#include "server/engine/image.h"
#include "server/engine/match_options.h"
#include "server/engine/matching/dependency_cone.h"
#include "server/engine/math/lattice.h"

namespace nemf {

// Returns the number of nodes, by axis, of the lattice that PatchMatch works on: the least number
// with neighbours at most options.lattice_stride pixels apart. Returns the query's size if the
// stride is 1 or the refinement has no PatchMatch.
ImageSize LatticeSize(ImageSize query, const MatchOptions& options);

LatticeView MakeLattice(ImageSize query, const MatchOptions& options);

// What one matching task has to do. It is fixed when the task starts, except that the dependency
// cone is grown before anything else is done.
//
// PatchMatch works on the nodes of a lattice over the query. If these are the query's pixels, the
// refinement optimises each point of the answer. If they are fewer (`strided`), a sweep over the
// nodes of the support optimises the nodes, and the refinement finds the points between them. Where
// other files speak of pixels (sites, supports, counters of the random search) they mean nodes.
struct TaskPlan {
  // `keypoints` empty: all pixels of the query.
  TaskPlan(std::shared_ptr<const EncodedPair> pair, std::vector<Point> keypoints,
           const MatchOptions& options);
  // The plan of Engine::StartField(): one query point against a grid of reference points.
  TaskPlan(std::shared_ptr<const EncodedPair> pair, Point query, ImageSize nodes);

  bool dense() const { return keypoints.empty(); }
  // Whether the points of the answer are the lattice's nodes.
  bool points_are_nodes() const { return dense() && !strided(); }
  // Whether the points of the answer are the nodes of `field_nodes`, all against keypoints[0].
  bool samples_field() const { return field_nodes.width > 0; }
  int num_points() const;
  // Returns the support of a point of the answer: of a keypoint, or of a pixel of a dense task.
  KeypointSupport SupportOf(int point) const;
  // PatchMatch iterations and gradient steps of the refinement.
  int iterations() const;
  int optimize_steps() const;
  bool strided() const;
  // Whether the lattice's nodes are optimised, in one more sweep over sites after the iterations.
  bool optimizes_nodes() const { return strided() && optimize_steps() > 0; }
  // Passes over the sites. Values are double-buffered, so the refinement reads buffer sweeps() % 2.
  int sweeps() const { return iterations() + (optimizes_nodes() ? 1 : 0); }
  // Sites that have a value: none if the answer is read from the coarse map or from a grid.
  int num_values() const;
  // Sites that are ever updated, and so have a score.
  int num_scores() const { return iterations() > 0 ? cone.Updated(0) : 0; }

  std::shared_ptr<const EncodedPair> pair;
  std::vector<Point> keypoints;
  MatchOptions options;
  LatticeView lattice;
  std::vector<KeypointSupport> supports;  // of the keypoints, on the lattice
  DependencyCone cone;
  ImageSize field_nodes = {};
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_TASK_PLAN_H_
