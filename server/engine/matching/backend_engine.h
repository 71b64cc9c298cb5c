#ifndef NEMF_SERVER_ENGINE_MATCHING_BACKEND_ENGINE_H_
#define NEMF_SERVER_ENGINE_MATCHING_BACKEND_ENGINE_H_

#include <memory>

#include "server/engine/engine.h"
#include "server/engine/matching/backend.h"

namespace nemf {

// Returns the engine on any back end. It advances tasks in waves. A wave takes the next work item
// of each task, in order, until the field evaluations asked for are covered. Its items run side by
// side.
std::unique_ptr<Engine> MakeEngine(std::unique_ptr<Backend> backend);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_BACKEND_ENGINE_H_
