#include "client/render/surface_picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "client/render/picture_text.h"
#include "client/render/scalar_map.h"

namespace nemf::client {
namespace {

constexpr int kMaxCells = 72;     // along each axis: more would be finer than the lines between
constexpr double kHeight = 0.55;  // of the surface, in units of the base's longer side
constexpr int kMargin = 10;       // pixels
constexpr int kSubpixelBits = 4;  // of OpenCV's drawing functions
constexpr double kTurn = 25 * std::numbers::pi / 180;       // about the vertical axis
constexpr double kElevation = 35 * std::numbers::pi / 180;  // of the eye over the base

using Point3 = cv::Point3d;  // x to the right, y away from the viewer, z upwards

// A parallel projection of the surface. The base is centred and its longer side is 1. The projected
// coordinates have v downwards.
class View {
 public:
  explicit View(double aspect)
      : half_width_(aspect >= 1 ? 0.5 : 0.5 * aspect),
        half_depth_(aspect >= 1 ? 0.5 / aspect : 0.5) {}

  // (s, t) in [0, 1]: along the reference's width and height; the top edge is far away.
  Point3 Place(double s, double t, double value) const {
    return {(2 * s - 1) * half_width_, (1 - 2 * t) * half_depth_, value * kHeight};
  }

  static cv::Point2d Project(const Point3& p) {
    const double x = p.x * std::cos(kTurn) - p.y * std::sin(kTurn);
    return {x, -Depth(p) * std::sin(kElevation) - p.z * std::cos(kElevation)};
  }

  // Returns the distance from the viewer, up to a constant.
  static double Depth(const Point3& p) { return p.x * std::sin(kTurn) + p.y * std::cos(kTurn); }

 private:
  double half_width_;
  double half_depth_;
};

// Maps projected coordinates to pixels, such that the bounding box of the surface fits.
class Fit {
 public:
  Fit(const View& view, cv::Size size) {
    double left = 0, right = 0, top = 0, bottom = 0;
    for (int corner = 0; corner < 8; ++corner) {
      const cv::Point2d p =
          View::Project(view.Place(corner % 2, corner / 2 % 2, static_cast<double>(corner / 4)));
      left = std::min(left, p.x);
      right = std::max(right, p.x);
      top = std::min(top, p.y);
      bottom = std::max(bottom, p.y);
    }
    scale_ = std::min((size.width - 2 * kMargin) / (right - left),
                      (size.height - 2 * kMargin) / (bottom - top));
    shift_ = {(size.width - scale_ * (left + right)) / 2,
              (size.height - scale_ * (top + bottom)) / 2};
  }

  cv::Point operator()(const Point3& p) const {
    const cv::Point2d at = scale_ * View::Project(p) + shift_;
    const double one = 1 << kSubpixelBits;
    return {static_cast<int>(std::lround(at.x * one)), static_cast<int>(std::lround(at.y * one))};
  }

 private:
  double scale_ = 1;
  cv::Point2d shift_;
};

struct Facet {
  std::array<Point3, 4> corners;  // in a circle
  float value;
  double depth;
};

cv::Scalar ShadedColor(const Facet& facet) {
  static const Point3 kLight = Point3(-1, 1, 2) / std::sqrt(6.0);
  const Point3 normal =
      (facet.corners[2] - facet.corners[0]).cross(facet.corners[3] - facet.corners[1]);
  const double length = std::sqrt(normal.dot(normal));
  const double lit = length > 0 ? std::abs(normal.dot(kLight)) / length : 1;
  const cv::Vec3b color = MapColor(facet.value);
  return cv::Scalar(color[0], color[1], color[2]) * (0.55 + 0.45 * lit);
}

std::vector<Facet> MakeFacets(const cv::Mat& map, const View& view) {
  std::vector<Facet> facets;
  const auto node = [&](int x, int y) {
    return view.Place(static_cast<double>(x) / (map.cols - 1),
                      static_cast<double>(y) / (map.rows - 1), map.at<float>(y, x));
  };
  for (int y = 0; y + 1 < map.rows; ++y) {
    for (int x = 0; x + 1 < map.cols; ++x) {
      Facet facet;
      facet.corners = {node(x, y), node(x + 1, y), node(x + 1, y + 1), node(x, y + 1)};
      facet.value = (map.at<float>(y, x) + map.at<float>(y, x + 1) + map.at<float>(y + 1, x) +
                     map.at<float>(y + 1, x + 1)) /
                    4;
      facet.depth = View::Depth((facet.corners[0] + facet.corners[2]) / 2);
      facets.push_back(facet);
    }
  }
  std::stable_sort(facets.begin(), facets.end(),
                   [](const Facet& a, const Facet& b) { return a.depth > b.depth; });
  return facets;
}

void DrawBase(cv::Mat* picture, const View& view, const Fit& fit) {
  const std::array<Point3, 4> corners = {view.Place(0, 0, 0), view.Place(1, 0, 0),
                                         view.Place(1, 1, 0), view.Place(0, 1, 0)};
  for (int i = 0; i < 4; ++i) {
    cv::line(*picture, fit(corners[i]), fit(corners[(i + 1) % 4]), cv::Scalar(170, 170, 170), 1,
             cv::LINE_AA, kSubpixelBits);
  }
}

}  // namespace

cv::Mat DrawSurface(const cv::Mat& map, double aspect, cv::Size size) {
  cv::Mat coarse = map;
  if (map.cols > kMaxCells || map.rows > kMaxCells) {
    cv::resize(map, coarse, {std::min(map.cols, kMaxCells), std::min(map.rows, kMaxCells)}, 0, 0,
               cv::INTER_AREA);
  }
  const View view(aspect);
  const Fit fit(view, size);
  cv::Mat picture(size, CV_8UC3, kPaper);
  DrawBase(&picture, view, fit);
  for (const Facet& facet : MakeFacets(coarse, view)) {
    std::array<cv::Point, 4> outline;
    for (int i = 0; i < 4; ++i) outline[i] = fit(facet.corners[i]);
    const cv::Scalar color = ShadedColor(facet);
    cv::fillConvexPoly(picture, outline.data(), 4, color, cv::LINE_AA, kSubpixelBits);
    for (int i = 0; i < 4; ++i) {
      cv::line(picture, outline[i], outline[(i + 1) % 4], color * 0.8, 1, cv::LINE_AA,
               kSubpixelBits);
    }
  }
  return picture;
}

}  // namespace nemf::client
