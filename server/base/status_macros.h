#ifndef NEMF_SERVER_BASE_STATUS_MACROS_H_
#define NEMF_SERVER_BASE_STATUS_MACROS_H_

#include "absl/status/status.h"

// Returns the status of `expression` from the calling function if it is an error.
#define NEMF_RETURN_IF_ERROR(expression)                      \
  do {                                                        \
    if (absl::Status status_ = (expression); !status_.ok()) { \
      return status_;                                         \
    }                                                         \
  } while (false)

#endif  // NEMF_SERVER_BASE_STATUS_MACROS_H_
