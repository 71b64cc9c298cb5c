#ifndef NEMF_SERVER_ENGINE_DEVICE_PRECISION_H_
#define NEMF_SERVER_ENGINE_DEVICE_PRECISION_H_

namespace nemf {

// What a GPU keeps Phi, the field's weights and its activations in. Sums are float32 in both, and
// so are coordinates, scores and the encoder. The CPU always works in float32.
enum class Precision { kFloat32, kFloat16 };

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_DEVICE_PRECISION_H_
