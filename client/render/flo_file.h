#ifndef NEMF_CLIENT_RENDER_FLO_FILE_H_
#define NEMF_CLIENT_RENDER_FLO_FILE_H_

#include <string>
#include <string_view>

#include "nemf/flow_field.h"
#include "nemf/status.h"

namespace nemf::client {

// The Middlebury format for flow (vision.middlebury.edu/flow): the float 202021.25 ("PIEH"), width
// and height as int32, then (dx, dy) as float32 for every pixel, row-major; all little endian.

// The content of a .flo file. The confidence is not part of it.
std::string EncodeFlo(const FlowField& field);

// The field in the content of a .flo file. kInvalidArgument says what is wrong with the bytes.
Result<FlowField> DecodeFlo(std::string_view bytes);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_FLO_FILE_H_
