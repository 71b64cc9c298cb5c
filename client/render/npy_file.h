#ifndef NEMF_CLIENT_RENDER_NPY_FILE_H_
#define NEMF_CLIENT_RENDER_NPY_FILE_H_

#include <string>
#include <vector>

namespace nemf::client {

// The content of a .npy file (NumPy's format 1.0) of float32 values in C order. Requires as many
// values as the shape has elements.
std::string EncodeNpy(const std::vector<int>& shape, const std::vector<float>& values);

}  // namespace nemf::client

#endif  // NEMF_CLIENT_RENDER_NPY_FILE_H_
