#include "server/engine/checks/smoke_test.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace nemf {
namespace {

constexpr ImageSize kQuerySize = {24, 18};
constexpr ImageSize kReferenceSize = {20, 26};
constexpr ImageSize kNodes = {4, 3};  // of the field
constexpr std::int64_t kQueriesAtOnce = 65'536;

// Returns a picture of slow colour waves. Pictures of different phases differ.
Image Waves(ImageSize size, int phase) {
  Image image{.size = size, .rgb = {}};
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      for (int channel = 0; channel < 3; ++channel) {
        const int wave = (9 * x + 7 * y + 40 * channel + 23 * phase) % 512;
        image.rgb.push_back(static_cast<std::uint8_t>(wave < 256 ? wave : 511 - wave));
      }
    }
  }
  return image;
}

// Returns a short schedule with every stage.
MatchOptions ShortSchedule() {
  MatchOptions options;
  options.patchmatch_iterations = 3;
  options.optimize_steps = 2;
  return options;
}

// Encodes `count` different pairs in one call; returns the first.
absl::StatusOr<std::shared_ptr<const EncodedPair>> Encode(Engine* engine, int count) {
  std::vector<ImagePair> pairs;
  for (int i = 0; i < count; ++i) {
    pairs.push_back(MakeImagePair(Waves(kQuerySize, i), Waves(kReferenceSize, i + 1)));
  }
  auto encoded = engine->Encode(pairs);
  if (!encoded.ok()) return encoded.status();
  return encoded->front();
}

absl::StatusOr<std::vector<Match>> RunToEnd(Engine* engine, std::unique_ptr<MatchTask> task) {
  MatchTask* const tasks[] = {task.get()};
  while (!task->done()) {
    if (const auto spent = engine->Step(tasks, kQueriesAtOnce); !spent.ok()) return spent.status();
  }
  return task->TakeResult();
}

std::string ToString(const Match& match) {
  return absl::StrCat("(", match.reference.x, ", ", match.reference.y, ") with score ",
                      match.score);
}

absl::Status CheckFinite(absl::string_view what, const std::vector<Match>& matches) {
  for (const Match& match : matches) {
    if (std::isfinite(match.reference.x) && std::isfinite(match.reference.y) &&
        std::isfinite(match.score)) {
      continue;
    }
    return absl::FailedPreconditionError(absl::StrCat("self-check: a point of the built-in pair's ",
                                                      what, " is ", ToString(match),
                                                      ", must be finite"));
  }
  return absl::OkStatus();
}

bool Same(const Match& a, const Match& b) {
  return a.reference.x == b.reference.x && a.reference.y == b.reference.y && a.score == b.score;
}

absl::Status CheckSame(const std::vector<Point>& keypoints, const std::vector<Match>& matches,
                       const std::vector<Match>& dense) {
  for (std::size_t i = 0; i < keypoints.size(); ++i) {
    const int pixel =
        static_cast<int>(keypoints[i].y) * kQuerySize.width + static_cast<int>(keypoints[i].x);
    if (Same(matches[i], dense[pixel])) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("self-check: the pixel (", keypoints[i].x, ", ", keypoints[i].y,
                     ") of the built-in pair gets ", ToString(matches[i]), " as a keypoint and ",
                     ToString(dense[pixel]), " in a dense flow"));
  }
  return absl::OkStatus();
}

absl::Status CheckMatching(Engine* engine, const std::shared_ptr<const EncodedPair>& pair) {
  const auto dense = RunToEnd(engine, engine->Start(pair, {}, ShortSchedule()));
  if (!dense.ok()) return dense.status();
  const std::vector<Point> keypoints = {
      {0, 0}, {kQuerySize.width / 2, kQuerySize.height / 2}, {kQuerySize.width - 1, 5}};
  const auto matches = RunToEnd(engine, engine->Start(pair, keypoints, ShortSchedule()));
  if (!matches.ok()) return matches.status();
  const auto field = RunToEnd(engine, engine->StartField(pair, keypoints[1], kNodes));
  if (!field.ok()) return field.status();
  absl::Status status = CheckFinite("flow", *dense);
  status.Update(CheckFinite("field", *field));
  status.Update(CheckSame(keypoints, *matches, *dense));
  return status;
}

}  // namespace

absl::Status RunSmokeTest(Engine* engine, int max_pairs) {
  std::shared_ptr<const EncodedPair> pair;
  for (int count = std::min(max_pairs, engine->encoder_batch()); count >= 1; --count) {
    auto encoded = Encode(engine, count);
    if (!encoded.ok()) return encoded.status();
    pair = *std::move(encoded);
  }
  return CheckMatching(engine, pair);
}

}  // namespace nemf
