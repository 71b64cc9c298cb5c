#ifndef NEMF_SERVER_SCHEDULING_PRIORITY_H_
#define NEMF_SERVER_SCHEDULING_PRIORITY_H_

namespace nemf {

// How much a job matters beside others. It changes when a job is served (see quantum_order.h and
// encoder_batch.h), never its answer, and no job is starved by others of a higher priority.
enum class Priority { kLow, kNormal, kHigh };

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_PRIORITY_H_
