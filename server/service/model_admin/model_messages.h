#ifndef NEMF_SERVER_SERVICE_MODEL_ADMIN_MODEL_MESSAGES_H_
#define NEMF_SERVER_SERVICE_MODEL_ADMIN_MODEL_MESSAGES_H_

#include "nemf/v1/models.pb.h"
#include "server/models/model_catalog.h"

namespace nemf {

// Converts a model's status to the message of the Models service.
v1::Model ToMessage(const ModelStatus& model);

}  // namespace nemf

#endif  // NEMF_SERVER_SERVICE_MODEL_ADMIN_MODEL_MESSAGES_H_
