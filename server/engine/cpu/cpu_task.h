#ifndef NEMF_SERVER_ENGINE_CPU_CPU_TASK_H_
#define NEMF_SERVER_ENGINE_CPU_CPU_TASK_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "server/engine/cpu/field.h"
#include "server/engine/encoder/encoder.h"
#include "server/engine/matching/backend.h"
#include "server/engine/math/coarse.h"
#include "server/engine/math/cone_view.h"

namespace nemf::cpu {

// An encoded pair in host memory.
class Pair : public EncodedPair {
 public:
  Pair(ImageSize query, ImageSize reference, Encoding encoding, int grid, int channels);

  ImageSize query_size() const override { return query_size_; }
  ImageSize reference_size() const override { return reference_size_; }
  std::size_t bytes() const override;
  std::vector<float> SampleCost(Point query, ImageSize nodes) const override;
  // The encoder's cost, laid out as Phi is, with one channel.
  PhiView cost() const { return {encoding_.cost.data(), grid_, 1}; }
  PhiView phi() const { return {encoding_.phi.data(), grid_, channels_}; }
  CoarseView coarse() const { return {encoding_.coarse.data(), grid_}; }

 private:
  const ImageSize query_size_;
  const ImageSize reference_size_;
  const Encoding encoding_;
  const int grid_;
  const int channels_;
};

// A task's arrays in host memory. They grow in the phases up to kInitialize, so that no call of
// Run() touches all memory of a large task.
struct TaskArrays : TaskState {
  TaskArrays(const TaskPlan& plan, const QueryLayer& layer) : plan(plan), layer(layer) {}

  // Makes room for what the items [item.begin, item.end) write. Called by one thread, before others
  // work on ranges of the item.
  void MakeRoom(const WorkItem& item);
  // The phases without field evaluations, on items [begin, end).
  void FillTables(int begin, int end);
  void Initialize(int begin, int end);
  void Snapshot(int iteration, int begin, int end);

  const Pair& pair() const { return static_cast<const Pair&>(*plan.pair); }
  // Return the indices of a lattice node in `nodes`, and of a point of the answer in points().
  TableIndex NodeIndex(int node) const;
  TableIndex PointIndex(int point) const;
  const PointTable& points() const { return plan.points_are_nodes() ? nodes : others; }
  // The values before and after a sweep over sites.
  const std::vector<Vec2>& Before(int sweep) const { return values[sweep % 2]; }
  std::vector<Vec2>& After(int sweep) { return values[(sweep + 1) % 2]; }
  // Reads the values at the nodes of a support before a sweep.
  void ReadSupport(const KeypointSupport& support, int sweep, Vec2 out[4]) const;
  // Writes the answer of a point: a normalised reference point and its score.
  void SetMatch(int point, Vec2 reference, float score);

  const TaskPlan& plan;
  const QueryLayer& layer;
  ConeView cone = {};  // of the plan
  PointTable nodes;    // of the lattice's nodes: index (x, y)
  // Of the keypoints, index (k, k), or of the pixels, (x, y), if they are not the nodes.
  PointTable others;
  // By site. Values are double-buffered: sweep i over sites reads values[i % 2] and writes the
  // other. So are the flags of the values that the sweep before changed (see CollectCandidates()).
  std::vector<Vec2> initial;
  std::vector<Vec2> values[2];
  std::vector<char> changed[2];
  std::vector<float> scores;    // of the present value; NaN if it is not known
  std::vector<Point> snapshot;  // by point, of the last kSnapshot phase
  std::vector<Match> matches;   // by point of the answer
};

}  // namespace nemf::cpu

#endif  // NEMF_SERVER_ENGINE_CPU_CPU_TASK_H_
