#ifndef CREDBROKER_SERVICE_API_TOKEN_HIT_H_
#define CREDBROKER_SERVICE_API_TOKEN_HIT_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "service/api/admission.h"

namespace credbroker {

// Answers a GetToken whose token is in memory, with the bytes that were serialised once. Null, and
// nothing has happened, if there is anything more to it: no live token, a caller to be refused, a
// request to be read with care. If all there is to it is that the caller has not been handed this
// token yet, which must be put on record first, the session is in `unrecorded`.
grpc::ServerUnaryReactor* AnswerTokenHit(const ApiParts& parts,
                                         grpc::CallbackServerContext& context,
                                         const grpc::ByteBuffer& request, grpc::ByteBuffer& answer,
                                         SessionPtr& unrecorded);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_TOKEN_HIT_H_
