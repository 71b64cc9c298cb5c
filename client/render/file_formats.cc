#include "client/render/file_formats.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <opencv2/imgcodecs.hpp>

namespace nemf::client {
namespace {

static_assert(std::endian::native == std::endian::little, "both formats are little endian here");

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

Result<cv::Mat> DecodeImage(std::string_view bytes) {
  try {
    const cv::Mat buffer(1, static_cast<int>(bytes.size()), CV_8UC1,
                         const_cast<char*>(bytes.data()));
    cv::Mat image = bytes.empty() ? cv::Mat() : cv::imdecode(buffer, cv::IMREAD_COLOR);
    if (!image.empty()) return image;
  } catch (const cv::Exception&) {
    // Falls through: a damaged file and an unknown format get the same error.
  }
  return Status(Code::kInvalidArgument, "not an image that can be decoded");
}

Result<std::string> EncodePng(const cv::Mat& picture) {
  try {
    std::vector<unsigned char> bytes;
    if (cv::imencode(".png", picture, bytes)) return std::string(bytes.begin(), bytes.end());
  } catch (const cv::Exception& error) {
    return Status(Code::kInternal, std::string("cannot encode a PNG: ") + error.what());
  }
  return Status(Code::kInternal, "cannot encode a PNG");
}

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

std::string EncodeNpy(const std::vector<int>& shape, const std::vector<float>& values) {
  constexpr std::size_t kAlignment = 64;  // of the first value
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (const int size : shape) header += std::to_string(size) + ",";
  header += "), }";
  std::string bytes("\x93NUMPY\x01\x00", 8);
  const std::size_t unpadded = bytes.size() + 2 + header.size() + 1;
  header.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  header += '\n';
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  return bytes;
}

}  // namespace nemf::client
