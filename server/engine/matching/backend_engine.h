#ifndef NEMF_SERVER_ENGINE_MATCHING_BACKEND_ENGINE_H_
#define NEMF_SERVER_ENGINE_MATCHING_BACKEND_ENGINE_H_

#include <memory>

#include "server/engine/engine.h"
#include "server/engine/matching/backend.h"

namespace nemf {

// The engine on any back end: it advances tasks in waves. A wave takes the next piece of each task,
// in order, until the queries asked for are covered; its pieces then run side by side.
std::unique_ptr<Engine> MakeEngine(std::unique_ptr<Backend> backend);

}  // namespace nemf

#endif  // NEMF_SERVER_ENGINE_MATCHING_BACKEND_ENGINE_H_
