#ifndef NEMF_SERVER_ENGINE_MATCHING_TASK_TABLES_H_
#define NEMF_SERVER_ENGINE_MATCHING_TASK_TABLES_H_

#include "server/engine/bundle/field_weights.h"
#include "server/engine/matching/point_table.h"
#include "server/engine/matching/task_plan.h"

namespace nemf {

// The table of the nodes of a plan's lattice, index (x, y).
PointTable MakeNodeTable(const FieldWeights& weights, const TaskPlan& plan);

// The table of the points of the answer, where these are not the lattice's nodes: of the pixels of
// a strided dense plan, index (x, y), or of the keypoints, (k, k).
PointTable MakePointTable(const FieldWeights& weights, const TaskPlan& plan);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_TASK_TABLES_H_
