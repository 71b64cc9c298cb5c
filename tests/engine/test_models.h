#ifndef NEMF_TESTS_ENGINE_TEST_MODELS_H_
#define NEMF_TESTS_ENGINE_TEST_MODELS_H_

#include <cstdint>
#include <memory>
#include <ostream>
#include <random>
#include <vector>

#include "server/engine/bundle/field_weights.h"
#include "server/engine/encoder/encoder.h"
#include "server/engine/engine.h"

// Small models with random weights, made without a bundle.
namespace nemf {

// What ctest calls a case with such a size.
void PrintTo(const ImageSize& size, std::ostream* out);

}  // namespace nemf

namespace nemf::testing {

// Uniform numbers in [-1, 1).
class Random {
 public:
  explicit Random(std::uint64_t seed) : generator_(seed) {}
  float Next() { return 2.0f * static_cast<float>(generator_() >> 40) / 16777216.0f - 1.0f; }
  int Below(int limit) { return static_cast<int>(generator_() % limit); }
  std::vector<float> Vector(std::size_t size, float scale = 1.0f);

 private:
  std::mt19937_64 generator_;
};

inline constexpr int kTestGrid = 4;

FieldShape SmallShape();
FieldWeights RandomWeights(const FieldShape& shape, std::uint64_t seed);

// An encoder whose answer is a random Phi and a smooth coarse map that depend on `seed` and the
// images' sizes alone.
std::unique_ptr<Encoder> MakeFakeEncoder(int channels, std::uint64_t seed);

// An engine on the CPU with that encoder and a random field of SmallShape().
std::unique_ptr<Engine> MakeTestEngine(int threads, std::uint64_t seed = 1);

// A pair of black images.
ImagePair BlankPair(ImageSize query, ImageSize reference);

// Encodes a blank pair.
std::shared_ptr<const EncodedPair> EncodeBlank(Engine* engine, ImageSize query,
                                               ImageSize reference = {50, 40});

// Runs one task to its end, in steps of at most `max_queries`.
std::vector<Match> RunToEnd(Engine* engine, std::shared_ptr<const EncodedPair> pair,
                            std::vector<Point> keypoints, const MatchOptions& options,
                            std::int64_t max_queries = 1'000'000);

// Whether the two answers have the same bits.
bool SameBits(const std::vector<Match>& a, const std::vector<Match>& b);

}  // namespace nemf::testing

#endif  // NEMF_TESTS_ENGINE_TEST_MODELS_H_
