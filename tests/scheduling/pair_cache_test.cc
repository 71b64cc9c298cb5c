#include "server/scheduling/encoding/pair_cache.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/scheduling/loop_harness.h"

namespace nemf {
namespace {

class PairCacheTest : public ::testing::Test {
 protected:
  static PairDigest Digest(std::uint32_t id) { return FakeDigest(FakePair({.id = id})); }

  std::shared_ptr<const EncodedPair> Encode(std::uint32_t id, std::size_t bytes) {
    FakeEngine engine;
    engine.pair_bytes = bytes;
    return engine.Encode({FakePair({.id = id})})->front();
  }

  void Insert(PairCache& cache, std::uint32_t id, std::size_t bytes) {
    cache.Insert(Digest(id), Encode(id, bytes));
  }

  CountingObserver observer_;
};

TEST_F(PairCacheTest, FindsWhatItWasGiven) {
  PairCache cache(100, &observer_);
  const auto pair = Encode(1, 10);
  cache.Insert(Digest(1), pair);
  EXPECT_EQ(cache.Find(Digest(1)), pair);
  EXPECT_EQ(cache.Find(Digest(2)), nullptr);
  EXPECT_TRUE(cache.Contains(Digest(1)));
  EXPECT_FALSE(cache.Contains(Digest(2)));
  Insert(cache, 1, 10);  // again: the first stays
  EXPECT_EQ(cache.Find(Digest(1)), pair);
  EXPECT_EQ(cache.bytes(), 10);
}

TEST_F(PairCacheTest, LetsGoOfTheLeastRecentlyUsed) {
  PairCache cache(100, &observer_);
  for (const std::uint32_t id : {1, 2, 3}) Insert(cache, id, 30);
  EXPECT_NE(cache.Find(Digest(1)), nullptr);
  EXPECT_TRUE(cache.Contains(Digest(2)));  // not a use
  Insert(cache, 4, 50);
  EXPECT_TRUE(cache.Contains(Digest(1)));
  EXPECT_FALSE(cache.Contains(Digest(2)));
  EXPECT_FALSE(cache.Contains(Digest(3)));
  EXPECT_EQ(cache.bytes(), 80);
  EXPECT_EQ(observer_.cache.evictions, 2);
  EXPECT_EQ(observer_.cache.bytes, 80);
}

TEST_F(PairCacheTest, DoesNotKeepWhatIsTooLarge) {
  PairCache cache(100, &observer_);
  Insert(cache, 1, 60);
  Insert(cache, 2, 101);
  EXPECT_TRUE(cache.Contains(Digest(1)));
  EXPECT_FALSE(cache.Contains(Digest(2)));
}

TEST_F(PairCacheTest, MayBeOff) {
  PairCache cache(0, &observer_);
  EXPECT_FALSE(cache.enabled());
  Insert(cache, 1, 1);
  EXPECT_EQ(cache.Find(Digest(1)), nullptr);
}

TEST_F(PairCacheTest, HoldsNothingAfterItsEnd) {
  {
    PairCache cache(100, &observer_);
    Insert(cache, 1, 60);
    EXPECT_EQ(FakeEngine::live_objects(), 1);
  }
  EXPECT_EQ(FakeEngine::live_objects(), 0);
  EXPECT_EQ(observer_.cache.bytes, 0);
}

TEST_F(PairCacheTest, ManyThreads) {
  SchedulerObserver deaf;
  PairCache cache(50, &deaf);
  std::vector<std::thread> threads;
  for (std::uint32_t first = 0; first < 4; ++first) {
    threads.emplace_back([&, first] {
      for (std::uint32_t i = 0; i < 500; ++i) {
        Insert(cache, (first + i) % 8, 10);
        cache.Find(Digest(i % 8));
        EXPECT_LE(cache.bytes(), 50);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace nemf
