#ifndef NEMF_SERVER_ENGINE_ENCODER_ENCODER_H_
#define NEMF_SERVER_ENGINE_ENCODER_ENCODER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/engine/bundle/bundle_reader.h"
#include "server/engine/image.h"

namespace nemf {

// What the encoder makes of one pair, on the host.
struct Encoding {
  // [grid][grid][grid][grid][channels]: reference row, column, query row, column, channel.
  std::vector<float> phi;
  std::vector<float> coarse;  // [2][grid][grid]: normalised reference x, y on the query's grid
  std::vector<float> cost;  // [grid][grid][grid][grid]: in phi's order, what `coarse` was read from
};

// The encoder on the CPU. Pairs go through it one by one: other batch sizes may get other
// algorithms, and with them other last bits. Several threads may each run a pair.
class Encoder {
 public:
  virtual ~Encoder() = default;

  // Resizes both images (bicubic, corners aligned), normalises and encodes them on `threads`
  // threads; another number may change the last bits. INTERNAL if LibTorch fails.
  virtual absl::StatusOr<Encoding> Run(const ImagePair& pair, int threads) = 0;

  // Loads the TorchScript module in `bytes` (the content of encoder.pt), and encodes an empty pair
  // on `threads` threads: that checks its output's shapes and makes it warm.
  // INVALID_ARGUMENT if it cannot be loaded or breaks the contract in bundle_reader.h.
  static absl::StatusOr<std::unique_ptr<Encoder>> Load(const std::string& bytes,
                                                       const EncoderShape& shape, int threads);
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_ENCODER_ENCODER_H_
