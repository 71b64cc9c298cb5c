#ifndef NEMF_CLIENT_EVAL_TEXT_FILE_H_
#define NEMF_CLIENT_EVAL_TEXT_FILE_H_

#include <string>
#include <vector>

namespace nemf::eval {

struct TextLine {
  int number = 0;  // from 1 on
  std::string text;
};

// The file's content. Throws DatasetError that names it.
std::string ReadContent(const std::string& path);

// The lines that are not empty, without their ends (\n or \r\n). Throws DatasetError.
std::vector<TextLine> ReadLines(const std::string& path);

}  // namespace nemf::eval

#endif  // NEMF_CLIENT_EVAL_TEXT_FILE_H_
