// Pairs that are encoded side by side, against each of them alone.

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "server/engine/checks/thread_determinism.h"
#include "server/engine/load_model.h"
#include "tests/engine/oracle.h"
#include "tests/engine/test_models.h"

namespace nemf {
namespace {

Image RandomImage(testing::Random* random, ImageSize size) {
  Image image{size, std::vector<std::uint8_t>(std::size_t{3} * size.width * size.height)};
  for (std::uint8_t& value : image.rgb) value = static_cast<std::uint8_t>(random->Below(256));
  return image;
}

std::vector<ImagePair> RandomPairs(int count, std::uint64_t seed) {
  testing::Random random(seed);
  std::vector<ImagePair> pairs;
  for (int i = 0; i < count; ++i) {
    const auto side = [&] { return 20 + random.Below(50); };
    const ImageSize query{side(), side()}, reference{side(), side()};
    Image first = RandomImage(&random, query);
    pairs.push_back(MakeImagePair(std::move(first), RandomImage(&random, reference)));
  }
  return pairs;
}

std::vector<Match> MatchesOf(Engine* engine, std::shared_ptr<const EncodedPair> pair) {
  MatchOptions options;
  options.patchmatch_iterations = 2;
  return testing::RunToEnd(engine, std::move(pair), {{3, 4}, {17.5, 9}}, options);
}

void ExpectSameBitsInCompany(const std::string& bundle, int threads, int count,
                             std::uint64_t seed) {
  SCOPED_TRACE(::testing::Message()
               << bundle << ", " << threads << " threads, " << count << " pairs, seed " << seed);
  const auto model = LoadModel(bundle, {"cpu", threads});
  ASSERT_TRUE(model.ok()) << model.status();
  Engine* engine = model->engine.get();
  EXPECT_TRUE(engine->encoder_batch() == threads || engine->encoder_batch() == 1);
  const std::vector<ImagePair> pairs = RandomPairs(count, seed);
  const auto encoded = engine->Encode(pairs);
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  ASSERT_EQ(encoded->size(), pairs.size());
  for (int i = 0; i < count; ++i) {
    const auto one = engine->Encode({pairs[i]});
    ASSERT_TRUE(one.ok()) << one.status();
    EXPECT_EQ((*one)[0]->SampleCost({3, 4}, {9, 7}), (*encoded)[i]->SampleCost({3, 4}, {9, 7}));
    EXPECT_TRUE(testing::SameBits(MatchesOf(engine, (*one)[0]), MatchesOf(engine, (*encoded)[i])))
        << "pair " << i;
  }
}

TEST(EncodeBatch, HasTheBitsOfEachPairAlone) {
  const std::string tiny = testing::OracleDirectory() + "/bundles/tiny/1";
  for (const int threads : {1, 2, 3}) ExpectSameBitsInCompany(tiny, threads, 5, 10 + threads);
}

TEST(EncodeBatch, OfTheShippedModelHasThemToo) {
  ExpectSameBitsInCompany(NEMF_BUNDLE_DIR, 2, 3, 1);
}

// An encoder whose answer depends on the number of its threads, or does not.
class CountingEncoder final : public Encoder {
 public:
  explicit CountingEncoder(bool depends) : depends_(depends) {}
  absl::StatusOr<Encoding> Run(const ImagePair& /*pair*/, int threads) override {
    return Encoding{{1, depends_ ? static_cast<float>(threads) : 0}, {2}, {3}};
  }

 private:
  const bool depends_;
};

TEST(EncoderThreads, AreToldApartWhereTheyChangeTheAnswer) {
  CountingEncoder same(false), other(true);
  EXPECT_TRUE(GivesSameBitsOnOneThread(&same, 4));
  EXPECT_FALSE(GivesSameBitsOnOneThread(&other, 4));
}

}  // namespace
}  // namespace nemf
