#ifndef CREDBROKER_SERVICE_BASE_STATUS_MACROS_H_
#define CREDBROKER_SERVICE_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the function if `expression` (an absl::Status) is not OK.
#define CREDBROKER_RETURN_IF_ERROR(expression)                                  \
  do {                                                                          \
    if (absl::Status credbroker_status = (expression); !credbroker_status.ok()) \
      return credbroker_status;                                                 \
  } while (false)

// Returns from the function if `expression` (an absl::StatusOr<T>) is not OK, else puts its value
// into `target`, which may declare a variable.
#define CREDBROKER_ASSIGN_OR_RETURN(target, expression)                                   \
  CREDBROKER_ASSIGN_OR_RETURN_1(CREDBROKER_JOIN(credbroker_status_or_, __LINE__), target, \
                                expression)

#define CREDBROKER_ASSIGN_OR_RETURN_1(status_or, target, expression) \
  auto status_or = (expression);                                     \
  if (!status_or.ok()) return std::move(status_or).status();         \
  target = *std::move(status_or)

#define CREDBROKER_JOIN(a, b) CREDBROKER_JOIN_1(a, b)
#define CREDBROKER_JOIN_1(a, b) a##b

#endif  // CREDBROKER_SERVICE_BASE_STATUS_MACROS_H_
