#include "client/eval/text_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "client/eval/dataset.h"

namespace nemf::eval {

std::string ReadContent(const std::string& path) {
  if (std::filesystem::is_directory(path)) throw DatasetError(path + ": is a folder");
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) throw DatasetError(path + ": cannot be read: " + std::strerror(errno));
  std::string content(std::istreambuf_iterator<char>(file), {});
  return content;
}

std::vector<TextLine> ReadLines(const std::string& path) {
  std::istringstream content(ReadContent(path));
  std::vector<TextLine> lines;
  TextLine line;
  while (std::getline(content, line.text)) {
    ++line.number;
    if (!line.text.empty() && line.text.back() == '\r') line.text.pop_back();
    if (!line.text.empty()) lines.push_back(line);
  }
  return lines;
}

}  // namespace nemf::eval
