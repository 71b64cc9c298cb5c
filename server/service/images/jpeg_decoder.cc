#include "server/service/images/jpeg_decoder.h"

#include <jpeglib.h>

#include <csetjmp>
#include <cstdio>  // jpeglib.h needs its FILE

namespace nemf {
namespace {

constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr absl::string_view kExif("Exif\0\0", 6);

// Ends libjpeg at an error, by a jump out of it.
struct ErrorJump {
  jpeg_error_mgr manager;  // first, so that a pointer to it is one to this
  std::jmp_buf place;
};

[[noreturn]] void Leave(j_common_ptr decoder) {
  std::longjmp(reinterpret_cast<ErrorJump*>(decoder->err)->place, 1);
}

void Silence(j_common_ptr) {}

bool HasExif(const jpeg_decompress_struct& decoder) {
  for (auto* marker = decoder.marker_list; marker != nullptr; marker = marker->next) {
    const absl::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
    if (marker->marker == kExifMarker && data.substr(0, kExif.size()) == kExif) return true;
  }
  return false;
}

bool IsPlain(const jpeg_decompress_struct& decoder, ImageSize size) {
  return static_cast<int>(decoder.image_width) == size.width &&
         static_cast<int>(decoder.image_height) == size.height &&
         (decoder.num_components == 1 || decoder.num_components == 3) && !HasExif(decoder);
}

// Decodes into `rgb`, size.height rows of 3 * size.width bytes, and returns whether that succeeded.
// Has no object with a destructor, because a jump would skip it.
bool DecodeRows(absl::string_view file, ImageSize size, unsigned char* rgb) {
  jpeg_decompress_struct decoder;
  ErrorJump error;
  decoder.err = jpeg_std_error(&error.manager);
  error.manager.error_exit = Leave;
  error.manager.output_message = Silence;
  jpeg_create_decompress(&decoder);
  if (setjmp(error.place) != 0) {
    jpeg_destroy_decompress(&decoder);
    return false;
  }
  jpeg_mem_src(&decoder, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_save_markers(&decoder, kExifMarker, 0xFFFF);
  jpeg_read_header(&decoder, TRUE);
  bool whole = false;
  if (IsPlain(decoder, size)) {
    decoder.out_color_space = JCS_RGB;
    jpeg_start_decompress(&decoder);
    while (decoder.output_scanline < decoder.output_height) {
      unsigned char* row = rgb + std::size_t{3} * size.width * decoder.output_scanline;
      jpeg_read_scanlines(&decoder, &row, 1);
    }
    jpeg_finish_decompress(&decoder);
    whole = error.manager.num_warnings == 0;
  }
  jpeg_destroy_decompress(&decoder);
  return whole;
}

}  // namespace

std::optional<Image> DecodePlainJpeg(absl::string_view file, ImageSize size) {
  Image image;
  image.size = size;
  image.rgb.resize(std::size_t{3} * size.width * size.height);
  if (!DecodeRows(file, size, image.rgb.data())) return std::nullopt;
  return image;
}

}  // namespace nemf
