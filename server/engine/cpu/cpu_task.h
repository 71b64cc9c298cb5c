#ifndef NEMF_SERVER_ENGINE_CPU_CPU_TASK_H_
#define NEMF_SERVER_ENGINE_CPU_CPU_TASK_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "server/engine/backend.h"
#include "server/engine/cpu/field.h"
#include "server/engine/encoder.h"
#include "server/engine/math/active_view.h"
#include "server/engine/math/coarse.h"

namespace nemf {

// An encoded pair in host memory.
class CpuPair : public EncodedPair {
 public:
  CpuPair(ImageSize query, ImageSize reference, Encoding encoding, int grid, int channels);

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

// A task's arrays in host memory.
struct CpuTask : TaskState {
  CpuTask(const TaskPlan& plan, const FieldWeights& weights);

  const CpuPair& pair() const { return static_cast<const CpuPair&>(*plan.pair); }
  QueryIndex PixelIndex(int pixel) const;
  // Where the pixels of a dense task stand after `iteration` iterations, reference pixels.
  std::vector<Point> Snapshot(int iteration) const;

  const TaskPlan& plan;
  const ActiveView active;
  QueryTable pixels;     // of the query's pixels: index (x, y)
  QueryTable keypoints;  // of the keypoints: index (k, k); empty for a dense task
  // By slot. Values are double-buffered: iteration i reads values[i % 2] and writes the other.
  std::vector<Vec2> initial;
  std::vector<Vec2> values[2];
  std::vector<float> scores;   // of the present value; NaN where it is not known
  std::vector<Match> matches;  // by point of the answer
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CPU_CPU_TASK_H_
