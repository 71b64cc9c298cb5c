#include "server/service/correspondence/pair_decoding.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "absl/synchronization/notification.h"
#include "server/service/correspondence/image_digest.h"
#include "server/service/images/image_decoder.h"
#include "tests/service/test_images.h"

namespace nemf {
namespace {

v1::Image File(int width, int height) {
  v1::Image image;
  image.set_encoded(testing::Encode(testing::Gradient(width, height), ".png"));
  return image;
}

v1::Image Broken() {
  v1::Image image;
  image.set_encoded("GIF89a");
  return image;
}

absl::StatusOr<DecodedPair> Decode(
    ThreadPool* pool, const v1::Image& query, const v1::Image& reference,
    std::function<absl::Status()> check = [] { return absl::OkStatus(); }) {
  const RequestLimits limits;
  absl::Notification called;
  std::optional<absl::StatusOr<DecodedPair>> result;
  const auto done = [&](absl::StatusOr<DecodedPair> decoded) {
    result = std::move(decoded);
    called.Notify();
  };
  EXPECT_TRUE(TryDecodePair(pool, query, reference, limits, std::move(check), done));
  called.WaitForNotification();
  return *std::move(result);
}

TEST(PairDecodingTest, GivesBothImages) {
  ThreadPool pool({.threads = 2});
  const v1::Image query = File(7, 5), reference = File(4, 9);
  for (int round = 0; round < 100; ++round) {
    const auto decoded = Decode(&pool, query, reference);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(decoded->pair.query->rgb, DecodeImage(query, {}, "query")->rgb);
    EXPECT_EQ(decoded->pair.reference->rgb, DecodeImage(reference, {}, "reference")->rgb);
    EXPECT_EQ(decoded->digest, PairDigestOf(DigestOf(query), DigestOf(reference)));
    EXPECT_EQ(decoded->reversed, PairDigestOf(DigestOf(reference), DigestOf(query)));
  }
}

TEST(PairDecodingTest, OneThreadDecodesBoth) {
  ThreadPool pool({.threads = 1});
  const auto decoded = Decode(&pool, File(7, 5), File(4, 9));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->pair.reference->size.height, 9);
}

TEST(PairDecodingTest, TakesNoHalfPair) {
  ThreadPool pool({.threads = 1, .max_waiting = 1});
  const v1::Image image = File(2, 2);
  EXPECT_FALSE(TryDecodePair(
      &pool, image, image, {}, [] { return absl::OkStatus(); },
      [](const absl::StatusOr<DecodedPair>&) { ADD_FAILURE() << "was decoded"; }));
}

TEST(PairDecodingTest, DoesNotDecodeWhatIsNotWanted) {
  ThreadPool pool({.threads = 2});
  const auto cancelled = [] { return absl::CancelledError("gone"); };
  EXPECT_EQ(Decode(&pool, Broken(), File(2, 2), cancelled).status(), cancelled());
}

TEST(PairDecodingTest, TellsTheQuerysErrorFirst) {
  ThreadPool pool({.threads = 2});
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(Decode(&pool, Broken(), Broken()).status().message().substr(0, 6), "query.");
    EXPECT_EQ(Decode(&pool, File(2, 2), Broken()).status().message().substr(0, 10), "reference.");
  }
}

TEST(ImageDigestTest, TellsThePairsSidesApart) {
  const Sha256Digest one = Sha256({"one"});
  const Sha256Digest other = Sha256({"other"});
  EXPECT_NE(PairDigestOf(one, other), PairDigestOf(other, one));
  EXPECT_NE(PairDigestOf(one, other), PairDigestOf(one, one));
}

TEST(ImageDigestTest, TellsApartWhatIsSent) {
  v1::Image raw;
  raw.mutable_raw()->set_format(v1::RawImage::RGB8);
  raw.mutable_raw()->set_width(2);
  raw.mutable_raw()->set_height(1);
  raw.mutable_raw()->set_data("abcdef");
  v1::Image turned = raw;
  turned.mutable_raw()->set_width(1);
  turned.mutable_raw()->set_height(2);
  v1::Image bgr = raw;
  bgr.mutable_raw()->set_format(v1::RawImage::BGR8);
  v1::Image file;
  file.set_encoded("abcdef");
  EXPECT_EQ(DigestOf(raw), DigestOf(v1::Image(raw)));
  EXPECT_NE(DigestOf(raw), DigestOf(turned));
  EXPECT_NE(DigestOf(raw), DigestOf(bgr));
  EXPECT_NE(DigestOf(raw), DigestOf(file));
}

}  // namespace
}  // namespace nemf
