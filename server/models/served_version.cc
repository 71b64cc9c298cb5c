#include "server/models/served_version.h"

namespace nemf {

DeferredDeleter::~DeferredDeleter() {
  const auto none_alive = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return alive_ == 0; };
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&none_alive));
}

std::shared_ptr<ServedVersion> DeferredDeleter::Share(std::unique_ptr<ServedVersion> version,
                                                      std::function<void()> destroyed) {
  {
    absl::MutexLock lock(&mutex_);
    ++alive_;
  }
  return {version.release(), [this, destroyed = std::move(destroyed)](ServedVersion* last) {
            executor_.Run([this, last, destroyed] {
              delete last;
              destroyed();
              absl::MutexLock lock(&mutex_);
              --alive_;
            });
          }};
}

}  // namespace nemf
