#include "server/service/correspondence/pair_decoding.h"

#include <atomic>
#include <memory>
#include <utility>

#include "server/service/images/image_source.h"

namespace nemf {
namespace {

// A pair whose halves are decoded, by one thread or by two.
class Decoding {
 public:
  Decoding(CheckedImage query, CheckedImage reference, std::function<absl::Status()> check,
           std::function<void(absl::StatusOr<DecodedPair>)> done)
      : halves_{{std::move(query)}, {std::move(reference)}},
        check_(std::move(check)),
        done_(std::move(done)) {}

  void Decode(int index) {
    Half& half = halves_[index];
    const absl::Status status = check_();
    half.image = status.ok() ? DecodeImage(half.sent) : status;
    if (half.image.ok()) half.digest = DigestOf(half.sent.source);
    // The thread that finds no half left sees what the other one wrote.
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) done_(Join());
  }

 private:
  struct Half {
    const CheckedImage sent;
    absl::StatusOr<Image> image = Image();
    Sha256Digest digest = {};
  };

  absl::StatusOr<DecodedPair> Join() {
    for (const Half& half : halves_) {
      if (!half.image.ok()) return half.image.status();
    }
    return DecodedPair{MakeImagePair(*std::move(halves_[0].image), *std::move(halves_[1].image)),
                       PairDigestOf(halves_[0].digest, halves_[1].digest),
                       PairDigestOf(halves_[1].digest, halves_[0].digest)};
  }

  Half halves_[2];
  const std::function<absl::Status()> check_;
  const std::function<void(absl::StatusOr<DecodedPair>)> done_;
  std::atomic<int> left_ = 2;
};

}  // namespace

void DecodePair(ThreadPool* pool, CheckedImage query, CheckedImage reference,
                std::function<absl::Status()> check,
                std::function<void(absl::StatusOr<DecodedPair>)> done) {
  const auto decoding = std::make_shared<Decoding>(std::move(query), std::move(reference),
                                                   std::move(check), std::move(done));
  for (const int index : {0, 1}) pool->Run([decoding, index] { decoding->Decode(index); });
}

}  // namespace nemf
