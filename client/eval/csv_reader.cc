#include "client/eval/csv_reader.h"

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

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

std::optional<std::vector<std::string>> SplitCsv(std::string_view line) {
  std::vector<std::string> fields;
  for (std::size_t i = 0;; ++i) {  // once a field; i then stands on its comma
    std::string field;
    if (i < line.size() && line[i] == '"') {
      for (++i; i < line.size() && (line[i] != '"' || line.substr(i, 2) == "\"\""); ++i) {
        if (line[i] == '"') ++i;
        field += line[i];
      }
      if (i == line.size()) return std::nullopt;  // not closed
      ++i;
      if (i < line.size() && line[i] != ',') return std::nullopt;
    } else {
      for (; i < line.size() && line[i] != ','; ++i) {
        if (line[i] == '"') return std::nullopt;
        field += line[i];
      }
    }
    fields.push_back(std::move(field));
    if (i >= line.size()) return fields;
  }
}

std::optional<double> ParseNumber(std::string_view field) {
  const std::string text(field);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str()) return std::nullopt;
  while (std::isspace(static_cast<unsigned char>(*end))) ++end;
  if (end != text.c_str() + text.size()) return std::nullopt;
  return value;
}

std::string CsvFile::Where(const CsvRow& row) const {
  return path + ":" + std::to_string(row.line) + ": ";
}

CsvFile ReadCsv(const std::string& path, std::size_t min_fields) {
  CsvFile file;
  file.path = path;
  for (const TextLine& line : ReadLines(path)) {
    std::optional<std::vector<std::string>> fields = SplitCsv(line.text);
    CsvRow row{line.number, fields ? *std::move(fields) : std::vector<std::string>()};
    if (file.header.empty()) {
      if (row.fields.size() < min_fields) {
        throw DatasetError(file.Where(row) + "the header has " + std::to_string(row.fields.size()) +
                           " columns, must have at least " + std::to_string(min_fields));
      }
      file.header = std::move(row.fields);
    } else if (row.fields.empty()) {
      file.problems.push_back(file.Where(row) + "a quote is not closed or stands inside a field");
    } else if (row.fields.size() < min_fields) {
      file.problems.push_back(file.Where(row) + "has " + std::to_string(row.fields.size()) +
                              " columns, must have at least " + std::to_string(min_fields));
    } else {
      file.rows.push_back(std::move(row));
    }
  }
  if (file.header.empty()) throw DatasetError(path + ": is empty, must have a header");
  return file;
}

std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

}  // namespace nemf::eval
