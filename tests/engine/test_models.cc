#include "tests/engine/test_models.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "server/engine/cpu/cpu_backend.h"
#include "server/engine/matching/backend.h"

namespace nemf {

void PrintTo(const ImageSize& size, std::ostream* out) { *out << size.width << "x" << size.height; }

}  // namespace nemf

namespace nemf::testing {

namespace {

Linear RandomLinear(int outputs, int inputs, Random* random) {
  const float scale = 1.7f / std::sqrt(static_cast<float>(inputs));
  return {outputs, inputs, random->Vector(static_cast<std::size_t>(outputs) * inputs, scale),
          random->Vector(outputs, 0.1f)};
}

class FakeEncoder : public Encoder {
 public:
  FakeEncoder(int channels, std::uint64_t seed) : channels_(channels), seed_(seed) {}

  absl::StatusOr<Encoding> Run(const ImagePair& pair, int /*threads*/) override {
    const ImageSize query = pair.query->size;
    Random random(seed_ + 131 * query.width + query.height);
    Encoding encoding;
    const int cells = kTestGrid * kTestGrid;
    encoding.phi = random.Vector(static_cast<std::size_t>(cells) * cells * channels_, 2.0f);
    // The identity, bent a bit.
    for (int axis = 0; axis < 2; ++axis) {
      for (int i = 0; i < cells; ++i) {
        const int node = axis == 0 ? i % kTestGrid : i / kTestGrid;
        const float straight = 2.0f * static_cast<float>(node) / (kTestGrid - 1) - 1.0f;
        encoding.coarse.push_back(0.95f * straight + 0.05f * random.Next());
      }
    }
    encoding.cost = random.Vector(static_cast<std::size_t>(cells) * cells);
    return encoding;
  }

 private:
  const int channels_;
  const std::uint64_t seed_;
};

Image BlankImage(ImageSize size) {
  return {size, std::vector<std::uint8_t>(static_cast<std::size_t>(size.width) * size.height * 3)};
}

}  // namespace

std::vector<float> Random::Vector(std::size_t size, float scale) {
  std::vector<float> out(size);
  for (float& value : out) value = scale * Next();
  return out;
}

FieldShape SmallShape() {
  FieldShape shape;
  shape.channels = 8;
  shape.hidden = 24;
  shape.blocks = 3;
  shape.frequencies = {1.0f, 3.5f, 6.0f, 9.0f, 16.0f};
  shape.scale = 2.0f;
  shape.offset = 3.0f;
  return shape;
}

FieldWeights RandomWeights(const FieldShape& shape, std::uint64_t seed) {
  Random random(seed);
  FieldWeights weights;
  weights.shape = shape;
  weights.fc_p = RandomLinear(shape.hidden, 2 * shape.embedding_size(), &random);
  for (int i = 0; i < shape.blocks; ++i) {
    weights.fc_c.push_back(RandomLinear(shape.hidden, shape.channels, &random));
    weights.fc_0.push_back(RandomLinear(shape.hidden, shape.hidden, &random));
    weights.fc_1.push_back(RandomLinear(shape.hidden, shape.hidden, &random));
  }
  weights.fc_out = RandomLinear(1, shape.hidden, &random);
  return weights;
}

std::unique_ptr<Encoder> MakeFakeEncoder(int channels, std::uint64_t seed) {
  return std::make_unique<FakeEncoder>(channels, seed);
}

std::unique_ptr<Engine> MakeTestEngine(int threads, std::uint64_t seed) {
  const FieldShape shape = SmallShape();
  EncoderShape encoder;
  encoder.grid = kTestGrid;
  encoder.channels = shape.channels;
  return MakeEngine(cpu::MakeBackend(MakeFakeEncoder(shape.channels, seed), encoder,
                                     cpu::Field::Create(RandomWeights(shape, seed)), threads,
                                     /*side_by_side=*/threads > 1));
}

ImagePair BlankPair(ImageSize query, ImageSize reference) {
  return MakeImagePair(BlankImage(query), BlankImage(reference));
}

std::shared_ptr<const EncodedPair> EncodeBlank(Engine* engine, ImageSize query,
                                               ImageSize reference) {
  return engine->Encode({BlankPair(query, reference)}).value().front();
}

std::vector<Match> RunToEnd(Engine* engine, std::shared_ptr<const EncodedPair> pair,
                            std::vector<Point> keypoints, const MatchOptions& options,
                            std::int64_t max_queries) {
  const std::unique_ptr<MatchTask> task =
      engine->Start(std::move(pair), std::move(keypoints), options);
  while (!task->done()) engine->Step({task.get()}, max_queries).value();
  return task->TakeResult();
}

bool SameBits(const std::vector<Match>& a, const std::vector<Match>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::memcmp(&a[i].reference, &b[i].reference, sizeof(Point)) != 0 ||
        std::memcmp(&a[i].score, &b[i].score, sizeof(float)) != 0 ||
        a[i].in_bounds != b[i].in_bounds) {
      return false;
    }
  }
  return true;
}

}  // namespace nemf::testing
