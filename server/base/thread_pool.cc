#include "server/base/thread_pool.h"

#include <pthread.h>
#include <sched.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace nemf {
namespace {

// Restricts the calling thread, number `index` of `count` threads of one pool, to its share of the
// process's cores: every count-th core. Without this, a kernel that takes the idle cores of a
// virtual machine for busy ones (Linux under KVM) wakes several threads on one core while another
// core is idle. Has no effect if there are fewer cores than threads.
void PinThreadToShare(int index, int count) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  if (CPU_COUNT(&allowed) < count) return;
  cpu_set_t own;
  CPU_ZERO(&own);
  int number = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    if (number++ % count == index) CPU_SET(cpu, &own);
  }
  // An error leaves the placement to the kernel.
  pthread_setaffinity_np(pthread_self(), sizeof(own), &own);
}

}  // namespace

absl::Status ThreadPoolOptions::Validate() const {
  if (threads < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("ThreadPoolOptions.threads = ", threads, ", must be >= 1"));
  }
  return absl::OkStatus();
}

ThreadPool::ThreadPool(const ThreadPoolOptions& options) : options_(options) {
  for (int i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this, i] {
      PinThreadToShare(i, options_.threads);
      Work();
    });
  }
}

ThreadPool::~ThreadPool() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::Run(absl::AnyInvocable<void()> task) {
  absl::MutexLock lock(&mutex_);
  waiting_.push_back(std::move(task));
}

void ThreadPool::Work() {
  while (true) {
    absl::AnyInvocable<void()> task;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &ThreadPool::MayGoOn));
      if (waiting_.empty()) return;
      task = std::move(waiting_.front());
      waiting_.pop_front();
    }
    task();
  }
}

}  // namespace nemf
