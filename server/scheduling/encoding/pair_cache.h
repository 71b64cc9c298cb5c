#ifndef NEMF_SERVER_SCHEDULING_ENCODING_PAIR_CACHE_H_
#define NEMF_SERVER_SCHEDULING_ENCODING_PAIR_CACHE_H_

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/engine/engine.h"
#include "server/scheduling/job.h"
#include "server/scheduling/observer.h"

namespace nemf {

// A cache of the encoded pairs of one engine, that is of one model version, by the digest of their
// images. It holds at most `max_bytes` (of EncodedPair::bytes(), memory of the engine's device) and
// evicts the least recently used pair first; tasks share ownership of theirs. Thread-safe.
class PairCache {
 public:
  // 0 bytes: caches no pair. The observer outlives the cache and receives evictions and bytes.
  PairCache(std::int64_t max_bytes, SchedulerObserver* observer);
  ~PairCache();

  bool enabled() const { return max_bytes_ > 0; }

  // Returns whether the pair is in the cache. Does not count as a use.
  bool Contains(const PairDigest& digest) const;

  // Returns the pair, or null.
  std::shared_ptr<const EncodedPair> Find(const PairDigest& digest);

  // Adds the pair, unless it alone exceeds the limit.
  void Insert(const PairDigest& digest, std::shared_ptr<const EncodedPair> pair);

  std::int64_t bytes() const;

 private:
  using Entry = std::pair<PairDigest, std::shared_ptr<const EncodedPair>>;

  // Removes the least recently used pairs until `extra` more bytes fit.
  std::vector<Entry> MakeRoom(std::int64_t extra) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::int64_t max_bytes_;
  SchedulerObserver* const observer_;

  mutable absl::Mutex mutex_;
  std::int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // the latest used first
  std::unordered_map<PairDigest, std::list<Entry>::iterator, Sha256DigestHash> index_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_ENCODING_PAIR_CACHE_H_
