#include "server/engine/cuda/kernels/grid.cuh"
#include "server/engine/cuda/kernels/launch.h"

namespace nemf {

cudaError_t Launch(const SetChunk& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}

cudaError_t Launch(const InitialValues& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const CountCandidates& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const EmitCandidates& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const RowsByPiece& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const SelectAndSearch& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const FinishSlots& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}

cudaError_t Launch(const FillPhi& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const FillGamma& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const FillNet& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const AddBiasRelu& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const ScoreRows& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const MaskWeights& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const MaskRows& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const AddMasked& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const CornerProducts& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}

cudaError_t Launch(const StartPoints& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const StepPoints& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const StoreSlots& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const WritePoints& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const SnapshotPoints& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}

cudaError_t Launch(const CountUpsampled& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const EmitUpsampled& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}
cudaError_t Launch(const SelectUpsampled& kernel, int count, cudaStream_t stream) {
  return LaunchGrid(kernel, count, stream);
}

}  // namespace nemf
