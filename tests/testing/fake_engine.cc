#include "tests/testing/fake_engine.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "server/engine/fatal_error.h"

namespace nemf {
namespace {

std::atomic<int> live_objects{0};

struct Counted {
  Counted() { ++live_objects; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --live_objects; }
};

// One query's share in a result: depends on all queries before it.
std::uint64_t Mix(std::uint64_t state) {
  return state * 6364136223846793005ULL + 1442695040888963407ULL;
}

std::uint64_t FirstState(const FakeWork& work, std::uint64_t seed) {
  return Mix(work.id + (seed << 32));
}

float Score(std::uint64_t state) { return static_cast<float>(state >> 40); }

FakeWork WorkOf(const ImagePair& pair) {
  FakeWork work;
  std::uint64_t queries = 0;
  const std::uint8_t* bytes = pair.query->rgb.data();
  std::memcpy(&work.id, bytes, sizeof(work.id));
  std::memcpy(&queries, bytes + 4, sizeof(queries));
  work.queries = static_cast<std::int64_t>(queries);
  work.encode_fails = bytes[12] != 0;
  work.step_fails = bytes[13] != 0;
  work.is_fatal = bytes[14] != 0;
  return work;
}

absl::Status Failure(const FakeWork& work, const char* text) {
  const absl::Status error = absl::InternalError(text);
  return work.is_fatal ? FatalError(error) : error;
}

class FakeEncodedPair final : public EncodedPair {
 public:
  FakeEncodedPair(const ImagePair& pair, std::size_t bytes)
      : work_(WorkOf(pair)),
        bytes_(bytes),
        query_size_(pair.query->size),
        reference_size_(pair.reference->size) {}
  ImageSize query_size() const override { return query_size_; }
  ImageSize reference_size() const override { return reference_size_; }
  std::size_t bytes() const override { return bytes_; }
  // Every node costs what the pair's id says.
  std::vector<float> SampleCost(Point /*query*/, ImageSize nodes) const override {
    return std::vector<float>(static_cast<std::size_t>(nodes.width) * nodes.height,
                              static_cast<float>(work_.id));
  }
  const FakeWork& work() const { return work_; }

 private:
  const Counted counted_;
  const FakeWork work_;
  const std::size_t bytes_;
  const ImageSize query_size_;
  const ImageSize reference_size_;
};

class FakeTask final : public MatchTask {
 public:
  FakeTask(std::shared_ptr<const EncodedPair> pair, std::uint64_t seed)
      : pair_(std::move(pair)), state_(FirstState(work(), seed)) {}

  const FakeWork& work() const { return static_cast<const FakeEncodedPair&>(*pair_).work(); }
  bool done() const override { return spent_ == work().queries; }
  std::int64_t queries_spent() const override { return spent_; }
  std::int64_t queries_left() const override { return work().queries - spent_; }
  std::vector<Match> TakeResult() override {
    Match match;
    match.score = Score(state_);
    return {match};
  }
  void RequestSnapshots(std::vector<int> iterations) override { wanted_ = std::move(iterations); }
  std::vector<FlowSnapshot> TakeSnapshots() override { return std::exchange(snapshots_, {}); }

  // Returns the queries spent by one piece.
  std::int64_t Advance() {
    const std::int64_t piece = std::min(FakeEngine::kPiece, queries_left());
    for (std::int64_t i = 0; i < piece; ++i) state_ = Mix(state_);
    spent_ += piece;
    ++pieces_;
    if (std::find(wanted_.begin(), wanted_.end(), pieces_) != wanted_.end()) {
      snapshots_.push_back({pieces_, {}});
    }
    return piece;
  }

 private:
  const Counted counted_;
  const std::shared_ptr<const EncodedPair> pair_;
  std::uint64_t state_;
  std::int64_t spent_ = 0;
  int pieces_ = 0;
  std::vector<int> wanted_;
  std::vector<FlowSnapshot> snapshots_;
};

}  // namespace

ImagePair FakePair(const FakeWork& work) {
  Image query{.size = {static_cast<int>(work.queries), 1}, .rgb = std::vector<std::uint8_t>(15)};
  std::uint8_t* bytes = query.rgb.data();
  const auto queries = static_cast<std::uint64_t>(work.queries);
  std::memcpy(bytes, &work.id, sizeof(work.id));
  std::memcpy(bytes + 4, &queries, sizeof(queries));
  bytes[12] = work.encode_fails;
  bytes[13] = work.step_fails;
  bytes[14] = work.is_fatal;
  return MakeImagePair(std::move(query), {.size = {1, 1}, .rgb = std::vector<std::uint8_t>(3)});
}

float FakeScore(const FakeWork& work, std::uint64_t seed) {
  std::uint64_t state = FirstState(work, seed);
  for (std::int64_t i = 0; i < work.queries; ++i) state = Mix(state);
  return Score(state);
}

FakeEngine::~FakeEngine() = default;

int FakeEngine::live_objects() { return nemf::live_objects.load(); }

absl::StatusOr<std::vector<std::shared_ptr<const EncodedPair>>> FakeEngine::Encode(
    absl::Span<const ImagePair> pairs) {
  on_call();
  on_encode();
  EncodeCall& call = encode_calls_.emplace_back();
  std::vector<std::shared_ptr<const EncodedPair>> encoded;
  absl::Status failure;
  for (const ImagePair& pair : pairs) {
    const FakeWork work = WorkOf(pair);
    call.ids.push_back(work.id);
    if (work.encode_fails) failure.Update(Failure(work, "fake encoder failure"));
    Spend(pair_time);
    encoded.push_back(std::make_shared<FakeEncodedPair>(pair, pair_bytes));
  }
  if (!failure.ok()) return failure;
  return encoded;
}

std::int64_t FakeEngine::BoundQueries(ImageSize query, absl::Span<const Point>, const MatchOptions&,
                                      int) const {
  return query.width;
}

std::unique_ptr<MatchTask> FakeEngine::Start(std::shared_ptr<const EncodedPair> pair,
                                             std::vector<Point> /*keypoints*/,
                                             const MatchOptions& options) {
  return std::make_unique<FakeTask>(std::move(pair), options.seed);
}

std::unique_ptr<MatchTask> FakeEngine::StartField(std::shared_ptr<const EncodedPair> pair,
                                                  Point /*query*/, ImageSize /*nodes*/) {
  return std::make_unique<FakeTask>(std::move(pair), 0);
}

absl::StatusOr<std::int64_t> FakeEngine::Step(absl::Span<MatchTask* const> tasks,
                                              std::int64_t max_queries) {
  on_call();
  StepCall& call = step_calls_.emplace_back();
  std::int64_t total = 0;
  for (MatchTask* const task : tasks) {
    auto* const fake = static_cast<FakeTask*>(task);
    if (fake->work().step_fails) return Failure(fake->work(), "fake step failure");
    std::int64_t spent = 0;
    while (!fake->done() && total < max_queries) {
      const std::int64_t piece = fake->Advance();
      spent += piece;
      total += piece;
    }
    call.ids.push_back(fake->work().id);
    call.spent.push_back(spent);
    if (spent > 0 && fake->done()) break;
  }
  Spend(query_time * static_cast<double>(total));
  return total;
}

void FakeEngine::Spend(absl::Duration duration) {
  if (clock_ != nullptr) clock_->Advance(duration);
}

}  // namespace nemf
