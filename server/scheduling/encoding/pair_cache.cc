#include "server/scheduling/encoding/pair_cache.h"

namespace nemf {
namespace {

std::int64_t BytesOf(const EncodedPair& pair) { return static_cast<std::int64_t>(pair.bytes()); }

}  // namespace

PairCache::PairCache(std::int64_t max_bytes, SchedulerObserver* observer)
    : max_bytes_(max_bytes), observer_(observer) {}

PairCache::~PairCache() { observer_->OnPairCache({.bytes = -bytes()}); }

bool PairCache::Contains(const PairDigest& digest) const {
  absl::MutexLock lock(&mutex_);
  return index_.contains(digest);
}

std::shared_ptr<const EncodedPair> PairCache::Find(const PairDigest& digest) {
  absl::MutexLock lock(&mutex_);
  const auto found = index_.find(digest);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->second;
}

void PairCache::Insert(const PairDigest& digest, std::shared_ptr<const EncodedPair> pair) {
  const std::int64_t extra = BytesOf(*pair);
  if (extra > max_bytes_) return;
  PairCacheChange change;
  std::vector<Entry> evicted;  // destroyed outside of the lock: the device may take some time
  {
    absl::MutexLock lock(&mutex_);
    if (index_.contains(digest)) return;
    const std::int64_t before = bytes_;
    evicted = MakeRoom(extra);
    entries_.emplace_front(digest, std::move(pair));
    index_[digest] = entries_.begin();
    bytes_ += extra;
    change = {.evictions = static_cast<int>(evicted.size()), .bytes = bytes_ - before};
  }
  observer_->OnPairCache(change);
}

std::vector<PairCache::Entry> PairCache::MakeRoom(std::int64_t extra) {
  std::vector<Entry> evicted;
  while (bytes_ + extra > max_bytes_) {
    bytes_ -= BytesOf(*entries_.back().second);
    index_.erase(entries_.back().first);
    evicted.push_back(std::move(entries_.back()));
    entries_.pop_back();
  }
  return evicted;
}

std::int64_t PairCache::bytes() const {
  absl::MutexLock lock(&mutex_);
  return bytes_;
}

}  // namespace nemf
