#ifndef NEMF_SERVER_ENGINE_ENCODER_ENCODER_H_
#define NEMF_SERVER_ENGINE_ENCODER_ENCODER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/engine/bundle/bundle_reader.h"
#include "server/engine/image.h"

namespace nemf {

// The encoding of one pair, on the host.
struct Encoding {
  // [grid][grid][grid][grid][channels]: reference row, column, query row, column, channel.
  std::vector<float> phi;
  std::vector<float> coarse;  // [2][grid][grid]: normalised reference x, y on the query's grid
  // [grid][grid][grid][grid], in phi's order. `coarse` is its soft maximum.
  std::vector<float> cost;
};

// The encoder on the CPU. It encodes one pair at a time: with other batch sizes LibTorch may choose
// other algorithms, which give other last bits. Threads may encode different pairs at the same
// time.
class Encoder {
 public:
  virtual ~Encoder() = default;

  // Resizes both images (bicubic, aligned corners), normalises and encodes them on `threads`
  // threads. Another number of threads may change the last bits. Returns INTERNAL if LibTorch
  // fails.
  virtual absl::StatusOr<Encoding> Run(const ImagePair& pair, int threads) = 0;

  // Loads the TorchScript module in `bytes` (the content of encoder.pt) and encodes an empty pair
  // on `threads` threads, which checks the shapes of the output and warms the module up. Returns
  // INVALID_ARGUMENT if the module cannot be loaded or breaks the contract in bundle_reader.h.
  static absl::StatusOr<std::unique_ptr<Encoder>> Load(const std::string& bytes,
                                                       const EncoderShape& shape, int threads);
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_ENCODER_ENCODER_H_
