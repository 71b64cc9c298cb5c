#ifndef NEMF_CLIENT_RENDER_PICTURE_TEXT_H_
#define NEMF_CLIENT_RENDER_PICTURE_TEXT_H_

#include <opencv2/core.hpp>
#include <string>

namespace nemf::client {

// Anti-aliased text in pictures, in one font and size.

inline const cv::Scalar kInk(40, 40, 40);       // BGR, for text on paper
inline const cv::Scalar kPaper(255, 255, 255);  // BGR
inline constexpr int kTextHeight = 13;          // of a capital letter, pixels
inline constexpr int kLineHeight = 26;          // from one line of text to the next, pixels

// Returns the width of `text` in pixels.
int TextWidth(const std::string& text);

// Draws `text` with its left end at x and its middle line at y.
void DrawText(cv::Mat* picture, const std::string& text, int x, int middle_y);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_PICTURE_TEXT_H_
