#ifndef NEMF_SERVER_ENGINE_DEVICE_TORCH_THREADS_H_
#define NEMF_SERVER_ENGINE_DEVICE_TORCH_THREADS_H_

namespace nemf {

// How many threads LibTorch's operators use when the calling thread calls them.
void SetTorchThreads(int threads);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_DEVICE_TORCH_THREADS_H_
