#include "client/render/flo_file.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace nemf::client {
namespace {

static_assert(std::endian::native == std::endian::little, "a .flo file is little endian");

constexpr float kMagic = 202021.25f;  // spells "PIEH"
constexpr std::int32_t kMaxSide = 1 << 20;

struct Header {
  float magic = kMagic;
  std::int32_t width = 0;
  std::int32_t height = 0;
};
static_assert(sizeof(Header) == 12);

Status Bad(const std::string& what) {
  return Status(Code::kInvalidArgument, "not a .flo file: " + what);
}

bool IsSide(std::int32_t value) { return value >= 1 && value <= kMaxSide; }

}  // namespace

std::string EncodeFlo(const FlowField& field) {
  const Header header{kMagic, field.width, field.height};
  const std::size_t flow_bytes = field.flow.size() * sizeof(Displacement);
  std::string bytes(sizeof(header) + flow_bytes, '\0');
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + sizeof(header), field.flow.data(), flow_bytes);
  return bytes;
}

Result<FlowField> DecodeFlo(std::string_view bytes) {
  Header header;
  if (bytes.size() < sizeof(header)) {
    return Bad("it has " + std::to_string(bytes.size()) + " bytes, must have at least 12");
  }
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.magic != kMagic) return Bad("it does not start with \"PIEH\"");
  const std::string size = std::to_string(header.width) + " x " + std::to_string(header.height);
  if (!IsSide(header.width) || !IsSide(header.height)) {
    return Bad("its size is " + size + ", each side must be 1 to " + std::to_string(kMaxSide));
  }
  const std::size_t count = static_cast<std::size_t>(header.width) * header.height;
  const std::size_t flow_bytes = count * sizeof(Displacement);
  if (bytes.size() != sizeof(header) + flow_bytes) {
    return Bad("it has " + std::to_string(bytes.size()) + " bytes, must have " +
               std::to_string(sizeof(header) + flow_bytes) + " for " + size + " pixels");
  }
  FlowField field;
  field.width = header.width;
  field.height = header.height;
  field.flow.resize(count);
  std::memcpy(field.flow.data(), bytes.data() + sizeof(header), flow_bytes);
  return field;
}

}  // namespace nemf::client
