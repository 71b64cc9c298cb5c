#include "server/service/correspondence/pair_decoding.h"

#include <atomic>
#include <memory>
#include <utility>

#include "server/service/correspondence/image_digest.h"
#include "server/service/images/image_decoder.h"

namespace nemf {
namespace {

// A pair of which the halves are decoded, by one thread or by two.
class Decoding {
 public:
  Decoding(const v1::Image& query, const v1::Image& reference, const RequestLimits& limits,
           std::function<absl::Status()> check,
           std::function<void(absl::StatusOr<DecodedPair>)> done)
      : halves_{{query, "query"}, {reference, "reference"}},
        limits_(limits),
        check_(std::move(check)),
        done_(std::move(done)) {}

  void DecodeQuery() { Decode(&halves_[0]); }
  void DecodeReference() { Decode(&halves_[1]); }

 private:
  struct Half {
    const v1::Image& sent;
    const char* const field;
    absl::StatusOr<Image> image = Image();
    Sha256Digest digest = {};
  };

  void Decode(Half* half) {
    const absl::Status status = check_();
    half->image = status.ok() ? DecodeImage(half->sent, limits_, half->field) : status;
    if (half->image.ok()) half->digest = DigestOf(half->sent);
    // Whoever finds that nothing is left sees what the other wrote.
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) done_(Join());
  }

  absl::StatusOr<DecodedPair> Join() {
    for (const Half& half : halves_) {
      if (!half.image.ok()) return half.image.status();
    }
    return DecodedPair{MakeImagePair(*std::move(halves_[0].image), *std::move(halves_[1].image)),
                       PairDigestOf(halves_[0].digest, halves_[1].digest),
                       PairDigestOf(halves_[1].digest, halves_[0].digest)};
  }

  Half halves_[2];
  const RequestLimits& limits_;
  const std::function<absl::Status()> check_;
  const std::function<void(absl::StatusOr<DecodedPair>)> done_;
  std::atomic<int> left_ = 2;
};

}  // namespace

bool TryDecodePair(ThreadPool* pool, const v1::Image& query, const v1::Image& reference,
                   const RequestLimits& limits, std::function<absl::Status()> check,
                   std::function<void(absl::StatusOr<DecodedPair>)> done) {
  const auto decoding =
      std::make_shared<Decoding>(query, reference, limits, std::move(check), std::move(done));
  return pool->TryRun(
      {[decoding] { decoding->DecodeQuery(); }, [decoding] { decoding->DecodeReference(); }});
}

}  // namespace nemf
