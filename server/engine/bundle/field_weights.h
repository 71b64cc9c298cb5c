#ifndef NEMF_SERVER_ENGINE_BUNDLE_FIELD_WEIGHTS_H_
#define NEMF_SERVER_ENGINE_BUNDLE_FIELD_WEIGHTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/engine/math/embedding.h"

namespace nemf {

// The sizes and constants of a matching field, as model.json states them.
struct FieldShape {
  int channels = 0;                // C, of Phi
  int hidden = 0;                  // H
  int blocks = 0;                  // residual blocks, >= 1
  std::vector<float> frequencies;  // F, of the harmonic embedding
  float scale = 0;
  float offset = 0;

  EmbeddingView embedding() const {
    return {frequencies.data(), static_cast<int>(frequencies.size()), scale, offset};
  }
  int embedding_size() const { return EmbeddingSize(embedding()); }
};

// y = weight x + bias: weight [outputs][inputs], bias [outputs].
struct Linear {
  int outputs = 0;
  int inputs = 0;
  std::vector<float> weight;
  std::vector<float> bias;
};

// The matching field's parameters (docs/algorithm.md, section 3.4), on the host:
//   net = fc_p(gamma(reference), gamma(query))
//   for each block i: net += fc_c[i](phi); net += fc_1[i](relu(fc_0[i](relu(net))))
//   score = fc_out(relu(net))
struct FieldWeights {
  FieldShape shape;
  Linear fc_p;               // [H][2 * (4F + 2)], the reference's columns first
  std::vector<Linear> fc_c;  // [H][C]
  std::vector<Linear> fc_0;  // [H][H]
  std::vector<Linear> fc_1;  // [H][H]
  Linear fc_out;             // [1][H]
};

// Reads the parameters of the TorchScript module in `bytes` (the content of field.pt) by name.
// Returns INVALID_ARGUMENT that names a parameter that is missing or does not fit `shape`.
absl::StatusOr<FieldWeights> ReadFieldWeights(const std::string& bytes, const FieldShape& shape);

// Returns the scores of the TorchScript module itself: points [count][4] (reference x, y, query x,
// y), phi [count][C] -> scores [count]. Used to check faster implementations. Slow: it loads the
// module.
absl::StatusOr<std::vector<float>> ScriptedScores(const std::string& bytes,
                                                  const std::vector<float>& points,
                                                  const std::vector<float>& phi, int channels);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_BUNDLE_FIELD_WEIGHTS_H_
