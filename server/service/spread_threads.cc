#include "server/service/spread_threads.h"

#include <pthread.h>
#include <sched.h>

namespace nemf {

void SpreadThread(int index, int count) {
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
  // Where it is refused the threads are spread by the kernel, as any.
  pthread_setaffinity_np(pthread_self(), sizeof(own), &own);
}

}  // namespace nemf
