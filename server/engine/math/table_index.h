#ifndef NEMF_SERVER_ENGINE_MATH_TABLE_INDEX_H_
#define NEMF_SERVER_ENGINE_MATH_TABLE_INDEX_H_

namespace nemf {

// A query point, as indices into a PointTable's x and y axis.
struct TableIndex {
  int x = 0;
  int y = 0;
};

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATH_TABLE_INDEX_H_
