#ifndef NEMF_CLIENT_NEMF_FIELD_BUILDER_H_
#define NEMF_CLIENT_NEMF_FIELD_BUILDER_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nemf/flow_field.h"
#include "nemf/status.h"
#include "nemf/types.h"
#include "nemf/v1/correspondence.pb.h"

namespace nemf::client {

// kDataLoss: "the server's flow stream is broken: " and what is wrong.
Status BrokenStream(const std::string& what);

// What the chunks of a field hold beside the flow.
struct FlowPlanes {
  bool confidence = false;
  bool consistency = false;
};

// Puts the bands of one field together: whole rows from top to bottom, without a gap. Memory grows
// with the rows that came.
class FieldBuilder {
 public:
  // `width` and `height` >= 1. The numbers come as float16 or as float32.
  FieldBuilder(int width, int height, FlowPlanes planes, FlowType type);

  // Takes the next rows; the band is valid until the next call. kDataLoss: they are not the next.
  Result<FlowBand> Add(const v1::FlowChunk& chunk);

  int rows() const { return rows_; }  // that came
  bool complete() const { return rows_ == field_.height; }
  FlowField Take() && { return std::move(field_); }

 private:
  Status Check(const v1::FlowChunk& chunk) const;
  // kDataLoss unless `bytes` is so many numbers for each pixel of so many rows.
  Status CheckSize(const std::string& bytes, std::uint32_t rows, int numbers,
                   const char* plane) const;
  // Appends what the bytes hold, and returns a view of it.
  template <typename T>
  std::span<const T> Append(const std::string& bytes, std::vector<T>* items) const;

  FlowPlanes planes_;
  FlowType type_;
  FlowField field_;
  int rows_ = 0;
};

}  // namespace nemf::client

#endif  // NEMF_CLIENT_NEMF_FIELD_BUILDER_H_
