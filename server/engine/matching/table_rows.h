#ifndef NEMF_SERVER_ENGINE_MATCHING_TABLE_ROWS_H_
#define NEMF_SERVER_ENGINE_MATCHING_TABLE_ROWS_H_

#include <vector>

#include "server/engine/matching/point_table.h"
#include "server/engine/matching/task_plan.h"

namespace nemf {

// A plan has two point tables. The table of the nodes has the lattice's nodes, index (x, y). The
// table of the points has the points of the answer if these are not the lattice's nodes: the pixels
// of a strided dense plan, index (x, y), or the keypoints, index (k, k). A table that the plan does
// not read is empty.
//
// The rows of both are numbered in this order: nodes' x, nodes' y, points' x, points' y.

// Rows [begin, end) of one axis (0: x, 1: y) of one table; the axis has `size` rows.
struct TableRows {
  bool of_nodes;
  int axis;
  int begin;
  int end;
  int size;
};

// Returns the number of rows of both tables, at least one.
int CountTableRows(const TaskPlan& plan);

// Returns the rows with the numbers [begin, end), axis by axis.
std::vector<TableRows> SplitTableRows(const TaskPlan& plan, int begin, int end);

// Writes the normalised coordinates [rows] and the hidden rows [rows][H] of `rows`.
void FillTableRows(const QueryLayer& layer, const TaskPlan& plan, const TableRows& rows,
                   float* coordinates, float* hidden);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_TABLE_ROWS_H_
