#ifndef NEMF_CLIENT_EVAL_MAT_FILE_H_
#define NEMF_CLIENT_EVAL_MAT_FILE_H_

#include <string>
#include <vector>

namespace nemf::eval {

// A matrix of a MATLAB file.
struct MatMatrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;  // column-major [columns][rows], as MATLAB stores it

  double at(std::size_t row, std::size_t column) const { return values[column * rows + row]; }
};

// The real matrix `name` of the file (MATLAB 4, 5 or 7.3), of any numeric type. Throws
// DatasetError: "FILE: what is wrong".
MatMatrix ReadMatMatrix(const std::string& path, const std::string& name);

}  // namespace nemf::eval

#endif  // NEMF_CLIENT_EVAL_MAT_FILE_H_
