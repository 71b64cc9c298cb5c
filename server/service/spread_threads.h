#ifndef NEMF_SERVER_SERVICE_SPREAD_THREADS_H_
#define NEMF_SERVER_SERVICE_SPREAD_THREADS_H_

namespace nemf {

// Lets the calling thread, number `index` of `count` that work together, run on its share of the
// process's cores alone, every count-th of them: so no two of the threads wait for one core while
// another is idle. (A kernel that takes a virtual machine's sleeping cores for busy ones, as Linux
// does under KVM, wakes threads on the core of the one that wakes them.) Does nothing where there
// are fewer cores than threads.
void SpreadThread(int index, int count);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_SPREAD_THREADS_H_
