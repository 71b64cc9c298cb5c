#ifndef NEMF_SERVER_ENGINE_CHECKS_FIELD_PARITY_H_
#define NEMF_SERVER_ENGINE_CHECKS_FIELD_PARITY_H_

#include <string>

#include "absl/status/status.h"
#include "server/engine/cpu/field.h"

namespace nemf {

// Compares the field with the TorchScript module in `bytes` (the content of field.pt) that its
// weights are from, on pseudo-random queries. FAILED_PRECONDITION if a score differs by more than
// float32 rounding explains: the module computes something else than FieldWeights says.
absl::Status CheckFieldParity(const cpu::Field& field, const std::string& bytes);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CHECKS_FIELD_PARITY_H_
