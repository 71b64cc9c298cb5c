#ifndef NEMF_SERVER_ENGINE_CUDA_KERNELS_LAUNCH_H_
#define NEMF_SERVER_ENGINE_CUDA_KERNELS_LAUNCH_H_

#include <cuda_runtime_api.h>

#include "server/engine/cuda/kernels/network_kernels.h"
#include "server/engine/cuda/kernels/patchmatch_kernels.h"
#include "server/engine/cuda/kernels/refine_kernels.h"
#include "server/engine/cuda/kernels/upsample_kernels.h"

// Launches of the kernels on a GPU. Each calls the kernel for 0 .. count - 1 on the current device,
// in the order of `stream`, and does not wait. The kernel's pointers are to the device's memory.
// Errors are of the launch, or of earlier work.
namespace nemf::cuda {

cudaError_t Launch(const SetRowBlock& kernel, int count, cudaStream_t stream);

cudaError_t Launch(const InitialValues& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const CountCandidates& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const EmitCandidates& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const RowsByItem& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const SelectAndSearch& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const CommitSites& kernel, int count, cudaStream_t stream);

cudaError_t Launch(const FillPhi& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const FillGamma& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const FillNet& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const AddBiasRelu& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const ScoreRows& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const MaskWeights& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const MaskRows& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const AddMasked& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const CornerProducts& kernel, int count, cudaStream_t stream);

cudaError_t Launch(const StartPoints& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const StepPoints& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const StoreSites& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const WritePoints& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const SnapshotPoints& kernel, int count, cudaStream_t stream);

cudaError_t Launch(const CountUpsampled& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const EmitUpsampled& kernel, int count, cudaStream_t stream);
cudaError_t Launch(const SelectUpsampled& kernel, int count, cudaStream_t stream);

}  // namespace nemf::cuda

#endif  // NEMF_SERVER_ENGINE_CUDA_KERNELS_LAUNCH_H_
