#ifndef NEMF_SERVER_ENGINE_MATH_CONE_VIEW_H_
#define NEMF_SERVER_ENGINE_MATH_CONE_VIEW_H_

#include "server/engine/math/coordinates.h"
#include "server/engine/math/macros.h"

namespace nemf {

// The query pixels that a PatchMatch run works on, each with a site; see DependencyCone. If these
// are all pixels, site and pixel (y * width + x) are equal and the pointers are null.
struct ConeView {
  int width;
  int height;
  const int* pixels;      // [sites]
  const int* neighbours;  // [sites][4]: the sites above, below, left and right, mirrored
};

NEMF_HD int PixelOf(const ConeView& cone, int site) {
  return cone.pixels == nullptr ? site : cone.pixels[site];
}

// Writes the pixels above, below, left and right of a pixel, mirrored at the border.
NEMF_HD void NeighbourPixels(int width, int height, int pixel, int out[4]) {
  const int x = pixel % width;
  const int y = pixel / width;
  out[0] = Mirror(y - 1, height) * width + x;
  out[1] = Mirror(y + 1, height) * width + x;
  out[2] = y * width + Mirror(x - 1, width);
  out[3] = y * width + Mirror(x + 1, width);
}

// Writes the sites of a site's neighbours, in the order of NeighbourPixels().
NEMF_HD void NeighbourSites(const ConeView& cone, int site, int out[4]) {
  if (cone.pixels == nullptr) {
    NeighbourPixels(cone.width, cone.height, site, out);
    return;
  }
  for (int i = 0; i < 4; ++i) out[i] = cone.neighbours[4 * site + i];
}

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATH_CONE_VIEW_H_
