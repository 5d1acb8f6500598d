#ifndef CREDBROKER_SERVICE_API_TOKEN_ANSWER_H_
#define CREDBROKER_SERVICE_API_TOKEN_ANSWER_H_

#include <grpcpp/support/slice.h>

#include "service/model/session.h"

namespace credbroker {

// The session's token, serialised as GetTokenResponse, RefreshResponse, WatchTokenResponse and
// LoginResponse alike have it. Made by the first who asks and kept with the session; each further
// slice is a reference. The bytes are wiped with the last one. Thread-safe.
grpc::Slice TokenAnswer(const Session& session);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_TOKEN_ANSWER_H_
