#include "server/models/deferred_deleter.h"

#include <utility>

namespace nemf {

DeferredDeleter::DeferredDeleter() : worker_([this] { Work(); }) {}

DeferredDeleter::~DeferredDeleter() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
  }
  worker_.join();
}

std::shared_ptr<ServedVersion> DeferredDeleter::Share(std::unique_ptr<ServedVersion> serving,
                                                      std::function<void()> gone) {
  {
    absl::MutexLock lock(&mutex_);
    ++alive_;
  }
  return {serving.release(), [this, gone = std::move(gone)](ServedVersion* last) {
            Enqueue({std::unique_ptr<ServedVersion>(last), gone});
          }};
}

void DeferredDeleter::Enqueue(Retired retired) {
  absl::MutexLock lock(&mutex_);
  retired_.push_back(std::move(retired));
}

void DeferredDeleter::Work() {
  for (;;) {
    std::vector<Retired> batch;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &DeferredDeleter::HasNews));
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
