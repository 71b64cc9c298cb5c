#ifndef NEMF_CLIENT_EVAL_CSV_READER_H_
#define NEMF_CLIENT_EVAL_CSV_READER_H_

#include <optional>
#include <string>
#include <string_view>
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

// One line of a file.
struct CsvRow {
  int line = 0;  // from 1 on
  std::vector<std::string> fields;
};

// Returns the fields of one line: separated by commas, with "..." around those that hold commas or
// quotes (doubled). Returns nullopt if a quote is not closed or stands inside a field.
std::optional<std::vector<std::string>> SplitCsv(std::string_view line);

// The number that the whole field is ("nan" included), with blanks around it allowed.
std::optional<double> ParseNumber(std::string_view field);

// The content of a CSV file: its header and its rows, empty lines left out.
struct CsvFile {
  std::string path;
  std::vector<std::string> header;
  std::vector<CsvRow> rows;
  std::vector<std::string> problems;  // "FILE:LINE: what is wrong", for rows that are left out

  // "FILE:LINE: ".
  std::string Where(const CsvRow& row) const;
};

// Reads the file; a row that is not CSV or has fewer than `min_fields` fields is left out. Throws
// DatasetError where there is no such file, or no header.
CsvFile ReadCsv(const std::string& path, std::size_t min_fields);

// A field as it is to be written, quoted where it needs to be.
std::string CsvField(const std::string& text);

}  // namespace nemf::eval

#endif  // NEMF_CLIENT_EVAL_CSV_READER_H_
