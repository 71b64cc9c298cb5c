#ifndef NEMF_CLIENT_NEMF_FIELD_BUILDER_H_
#define NEMF_CLIENT_NEMF_FIELD_BUILDER_H_

#include <string>
#include <utility>

#include "nemf/flow_field.h"
#include "nemf/status.h"
#include "nemf/v1/correspondence.pb.h"

namespace nemf::client {

// kDataLoss: "the server's flow stream is broken: " and what is wrong.
Status BrokenStream(const std::string& what);

// Puts the bands of one field together: whole rows from top to bottom, without a gap. Memory grows
// with the rows that came.
class FieldBuilder {
 public:
  // `width` and `height` >= 1.
  FieldBuilder(int width, int height, bool with_confidence);

  // Takes the next rows; the band is valid until the next call. kDataLoss: they are not the next.
  Result<FlowBand> Add(const v1::FlowChunk& chunk);

  int rows() const { return rows_; }  // that came
  bool complete() const { return rows_ == field_.height; }
  FlowField Take() && { return std::move(field_); }

 private:
  Status Check(const v1::FlowChunk& chunk) const;

  bool with_confidence_;
  FlowField field_;
  int rows_ = 0;
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_NEMF_FIELD_BUILDER_H_
