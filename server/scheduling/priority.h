#ifndef NEMF_SERVER_SCHEDULING_PRIORITY_H_
#define NEMF_SERVER_SCHEDULING_PRIORITY_H_

namespace nemf {

// The weight of a job beside others. It changes when a job is served (see quantum_order.h and
// encoder_batch.h), not its answer. Jobs of higher priority do not starve others.
enum class Priority { kLow, kNormal, kHigh };

}  // namespace nemf

#endif  // NEMF_SERVER_SCHEDULING_PRIORITY_H_
