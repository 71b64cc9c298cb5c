#include "server/service/correspondence/pair_decoding.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "server/service/images/image_decoder.h"
#include "server/service/images/image_source.h"
#include "tests/service/test_images.h"

namespace nemf {
namespace {

std::string File(int width, int height) {
  return testing::Encode(testing::Gradient(width, height), ".png");
}

// A file whose header is good and whose pixels are not.
std::string Broken() {
  std::string file = File(7, 5);
  file[file.find("IDAT") + 8] ^= 0x55;
  return file;
}

CheckedImage Check(const std::string& file, const char* name) {
  return *CheckImage(ImageFile{file}, {}, name);
}

absl::StatusOr<DecodedPair> Decode(
    ThreadPool* pool, const std::string& query, const std::string& reference,
    std::function<absl::Status()> check = [] { return absl::OkStatus(); }) {
  absl::Notification called;
  std::optional<absl::StatusOr<DecodedPair>> result;
  const auto done = [&](absl::StatusOr<DecodedPair> decoded) {
    result = std::move(decoded);
    called.Notify();
  };
  DecodePair(pool, Check(query, "query"), Check(reference, "reference"), std::move(check), done);
  called.WaitForNotification();
  return *std::move(result);
}

TEST(PairDecodingTest, GivesBothImages) {
  ThreadPool pool({.threads = 2});
  const std::string query = File(7, 5), reference = File(4, 9);
  for (int round = 0; round < 100; ++round) {
    const auto decoded = Decode(&pool, query, reference);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(decoded->pair.query->rgb, DecodeImage(Check(query, "query"))->rgb);
    EXPECT_EQ(decoded->pair.reference->rgb, DecodeImage(Check(reference, "reference"))->rgb);
    const Sha256Digest first = DigestOf(ImageFile{query}), second = DigestOf(ImageFile{reference});
    EXPECT_EQ(decoded->digest, PairDigestOf(first, second));
    EXPECT_EQ(decoded->reversed, PairDigestOf(second, first));
  }
}

TEST(PairDecodingTest, OneThreadDecodesBoth) {
  ThreadPool pool({.threads = 1});
  const auto decoded = Decode(&pool, File(7, 5), File(4, 9));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->pair.reference->size.height, 9);
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
  const RawPixels raw{.bytes = "abcdef", .width = 2, .height = 1, .format = PixelFormat::kRgb8};
  RawPixels turned = raw;
  std::swap(turned.width, turned.height);
  RawPixels bgr = raw;
  bgr.format = PixelFormat::kBgr8;
  EXPECT_EQ(DigestOf(raw), DigestOf(RawPixels(raw)));
  EXPECT_NE(DigestOf(raw), DigestOf(turned));
  EXPECT_NE(DigestOf(raw), DigestOf(bgr));
  EXPECT_NE(DigestOf(raw), DigestOf(ImageFile{"abcdef"}));
}

}  // namespace
}  // namespace nemf
