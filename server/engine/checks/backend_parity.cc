#include "server/engine/checks/backend_parity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace nemf {

namespace {

// A smooth coloured pattern, shifted by a fraction of its width.
Image Pattern(ImageSize size, double shift) {
  Image image;
  image.size = size;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const double u = static_cast<double>(x) / size.width + shift;
      const double v = static_cast<double>(y) / size.height;
      for (int channel = 0; channel < 3; ++channel) {
        const double wave = std::sin(17.0 * u + 2.0 * channel) * std::cos(13.0 * v - channel) +
                            std::sin(31.0 * (u + v) * (1.0 + 0.1 * channel));
        image.rgb.push_back(static_cast<std::uint8_t>(127.5 + 60.0 * wave));
      }
    }
  }
  return image;
}

struct Case {
  const char* name;
  std::vector<Point> keypoints;  // empty: dense
  MatchOptions options;
};

std::vector<Case> Cases() {
  MatchOptions search;
  search.patchmatch_iterations = 6;
  search.optimize_steps = 4;
  MatchOptions coarse = search;
  coarse.refinement = Refinement::kCoarse;
  MatchOptions lattice = search;
  lattice.lattice_stride = 4;
  lattice.upsample_candidates = 2;
  lattice.search_candidates = 3;
  lattice.search_decay = 0.7f;
  return {{"the coarse flow", {}, coarse},
          {"the flow", {}, search},
          {"the flow on a lattice", {}, lattice},
          {"keypoints", {{3, 4}, {20.25f, 11.5f}, {39, 29}, {0, 17.75f}}, search}};
}

absl::StatusOr<std::vector<Match>> Answer(Engine* engine,
                                          const std::shared_ptr<const EncodedPair>& pair,
                                          const Case& question) {
  const std::unique_ptr<MatchTask> task = engine->Start(pair, question.keypoints, question.options);
  while (!task->done()) {
    const absl::StatusOr<std::int64_t> spent = engine->Step({task.get()}, 1 << 20);
    if (!spent.ok()) return spent.status();
  }
  return task->TakeResult();
}

double Spread(absl::Span<const Match> matches) {
  double sum = 0;
  double squares = 0;
  for (const Match& match : matches) {
    sum += match.score;
    squares += static_cast<double>(match.score) * match.score;
  }
  const double mean = sum / static_cast<double>(matches.size());
  return std::sqrt(std::max(0.0, squares / static_cast<double>(matches.size()) - mean * mean));
}

}  // namespace

Disagreement Compare(absl::Span<const Match> answer, absl::Span<const Match> expected) {
  Disagreement out;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Point a = answer[i].reference;
    const Point b = expected[i].reference;
    // Written so that a NaN counts as moved.
    if (!(std::abs(a.x - b.x) <= 1 && std::abs(a.y - b.y) <= 1)) out.moved += 1;
    out.score_gap += std::abs(static_cast<double>(answer[i].score) - expected[i].score);
  }
  const double points = static_cast<double>(expected.size());
  out.moved /= points;
  out.score_gap /= points * std::max(1.0, Spread(expected));
  if (!std::isfinite(out.score_gap)) out.score_gap = std::numeric_limits<double>::infinity();
  return out;
}

Disagreement AllowedDisagreement(Precision precision) {
  const bool half = precision == Precision::kFloat16;
  return {half ? 0.25 : 0.1, half ? 0.1 : 0.02};
}

absl::Status CheckBackendParity(Engine* device, Engine* cpu, const Disagreement& allowed) {
  const ImagePair images = MakeImagePair(Pattern({40, 30}, 0.0), Pattern({48, 36}, 0.07));
  const auto cpu_pair = cpu->Encode({images});
  if (!cpu_pair.ok()) return cpu_pair.status();
  const auto device_pair = device->Encode({images});
  if (!device_pair.ok()) return device_pair.status();
  for (const Case& question : Cases()) {
    const absl::StatusOr<std::vector<Match>> expected = Answer(cpu, cpu_pair->front(), question);
    if (!expected.ok()) return expected.status();
    const absl::StatusOr<std::vector<Match>> answer =
        Answer(device, device_pair->front(), question);
    if (!answer.ok()) return answer.status();
    const Disagreement found = Compare(*answer, *expected);
    if (found.moved <= allowed.moved && found.score_gap <= allowed.score_gap) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        device->device(), " disagrees with the CPU on the built-in pair: in ", question.name, ", ",
        100 * found.moved, " % of the points are elsewhere (at most ", 100 * allowed.moved,
        " %), and scores differ by ", found.score_gap, " of their spread (at most ",
        allowed.score_gap, ")"));
  }
  return absl::OkStatus();
}

}  // namespace nemf
