#include "server/engine/cpu/thread_team.h"

#include <exception>
#include <utility>

#include "server/engine/device/torch_support.h"

namespace nemf::cpu {

ThreadTeam::ThreadTeam(int workers, std::function<void()> prepare) : prepare_(std::move(prepare)) {
  for (int worker = 0; worker < workers - 1; ++worker) {
    threads_.emplace_back([this, worker] {
      prepare_();
      Serve(worker);
    });
  }
}

ThreadTeam::~ThreadTeam() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

absl::Status ThreadTeam::Run(int parts, absl::FunctionRef<void(int, int)> work) {
  {
    absl::MutexLock lock(&mutex_);
    work_ = &work;
    parts_ = parts;
    next_part_ = 0;
    status_ = absl::OkStatus();
  }
  prepare_();
  const int caller = workers() - 1;
  for (int part = TakePart(); part >= 0; part = TakePart()) DoPart(part, caller);
  absl::MutexLock lock(&mutex_);
  const auto all_done = [this]()
                            ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return parts_running_ == 0; };
  mutex_.Await(absl::Condition(&all_done));
  work_ = nullptr;
  return status_;
}

void ThreadTeam::Serve(int worker) {
  for (int part = AwaitPart(); part >= 0; part = AwaitPart()) DoPart(part, worker);
}

int ThreadTeam::AwaitPart() {
  absl::MutexLock lock(&mutex_);
  const auto has_work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || next_part_ < parts_;
  };
  mutex_.Await(absl::Condition(&has_work));
  if (stopping_) return -1;
  ++parts_running_;
  return next_part_++;
}

int ThreadTeam::TakePart() {
  absl::MutexLock lock(&mutex_);
  if (next_part_ >= parts_) return -1;
  ++parts_running_;
  return next_part_++;
}

void ThreadTeam::DoPart(int part, int worker) {
  const Work* work;
  {
    absl::MutexLock lock(&mutex_);
    work = work_;
  }
  absl::Status status = CatchExceptions(absl::StatusCode::kInternal, "the engine failed", [&] {
    (*work)(part, worker);
    return absl::OkStatus();
  });
  absl::MutexLock lock(&mutex_);
  if (!status.ok()) {
    status_.Update(std::move(status));
    next_part_ = parts_;
  }
  --parts_running_;
}

}  // namespace nemf::cpu
