#include "client/eval/mat_file.h"

#include <matio.h>

#include <memory>

#include "client/eval/dataset.h"

namespace nemf::eval {
namespace {

struct CloseMat {
  void operator()(mat_t* file) const { Mat_Close(file); }
};
struct FreeVariable {
  void operator()(matvar_t* variable) const { Mat_VarFree(variable); }
};

template <typename Number>
void Copy(const matvar_t& variable, MatMatrix* matrix) {
  const auto* data = static_cast<const Number*>(variable.data);
  matrix->values.assign(data, data + matrix->rows * matrix->columns);
}

// False for a type that is not a number.
bool CopyValues(const matvar_t& variable, MatMatrix* matrix) {
  switch (variable.class_type) {
    case MAT_C_DOUBLE:
      return Copy<double>(variable, matrix), true;
    case MAT_C_SINGLE:
      return Copy<float>(variable, matrix), true;
    case MAT_C_INT8:
      return Copy<mat_int8_t>(variable, matrix), true;
    case MAT_C_UINT8:
      return Copy<mat_uint8_t>(variable, matrix), true;
    case MAT_C_INT16:
      return Copy<mat_int16_t>(variable, matrix), true;
    case MAT_C_UINT16:
      return Copy<mat_uint16_t>(variable, matrix), true;
    case MAT_C_INT32:
      return Copy<mat_int32_t>(variable, matrix), true;
    case MAT_C_UINT32:
      return Copy<mat_uint32_t>(variable, matrix), true;
    default:
      return false;
  }
}

}  // namespace

MatMatrix ReadMatMatrix(const std::string& path, const std::string& name) {
  const std::unique_ptr<mat_t, CloseMat> file(Mat_Open(path.c_str(), MAT_ACC_RDONLY));
  if (file == nullptr) throw DatasetError(path + ": is not there or not a MATLAB file");
  const std::unique_ptr<matvar_t, FreeVariable> variable(Mat_VarRead(file.get(), name.c_str()));
  if (variable == nullptr || variable->data == nullptr) {
    throw DatasetError(path + ": has no matrix \"" + name + "\", or it is broken");
  }
  if (variable->rank != 2 || variable->isComplex != 0) {
    throw DatasetError(path + ": \"" + name + "\" must be a real matrix");
  }
  MatMatrix matrix;
  matrix.rows = variable->dims[0];
  matrix.columns = variable->dims[1];
  if (!CopyValues(*variable, &matrix)) {
    throw DatasetError(path + ": \"" + name + "\" must hold numbers");
  }
  return matrix;
}

}  // namespace nemf::eval
