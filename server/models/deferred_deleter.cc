#include "server/models/deferred_deleter.h"

#include <utility>

namespace nemf {

Reaper::Reaper() : worker_([this] { Work(); }) {}

Reaper::~Reaper() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
  }
  worker_.join();
}

std::shared_ptr<Serving> Reaper::Adopt(std::unique_ptr<Serving> serving,
                                       std::function<void()> gone) {
  {
    absl::MutexLock lock(&mutex_);
    ++alive_;
  }
  return {serving.release(), [this, gone = std::move(gone)](Serving* last) {
            Bury({std::unique_ptr<Serving>(last), gone});
          }};
}

void Reaper::Bury(Retired retired) {
  absl::MutexLock lock(&mutex_);
  retired_.push_back(std::move(retired));
}

void Reaper::Work() {
  for (;;) {
    std::vector<Retired> batch;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &Reaper::HasNews));
      if (retired_.empty()) return;
      batch.swap(retired_);
    }
    for (Retired& each : batch) {
      each.serving = nullptr;
      each.gone();
      absl::MutexLock lock(&mutex_);
      --alive_;
    }
  }
}

}  // namespace nemf
