#ifndef NEMF_SERVER_SERVICE_MODEL_ADMIN_MODEL_MESSAGES_H_
#define NEMF_SERVER_SERVICE_MODEL_ADMIN_MODEL_MESSAGES_H_

#include "nemf/v1/models.pb.h"
#include "server/models/model_catalog.h"

namespace nemf {

// A model's status as the Models service tells it.
v1::Model ToMessage(const ModelStatus& model);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_MODEL_ADMIN_MODEL_MESSAGES_H_
