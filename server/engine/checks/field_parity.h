#ifndef NEMF_SERVER_ENGINE_CHECKS_FIELD_PARITY_H_
#define NEMF_SERVER_ENGINE_CHECKS_FIELD_PARITY_H_

#include <string>

#include "absl/status/status.h"
#include "server/engine/cpu/field.h"

namespace nemf {

// Compares the field with the TorchScript module in `bytes` (the content of field.pt) that its
// weights are from, on pseudo-random points. Returns FAILED_PRECONDITION if a score differs by more
// than float32 rounding explains. Then the module does not compute the formula of FieldWeights.
absl::Status CheckFieldParity(const cpu::Field& field, const std::string& bytes);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_CHECKS_FIELD_PARITY_H_
