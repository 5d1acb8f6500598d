#ifndef CREDBROKER_SERVICE_API_TOKEN_HIT_H_
#define CREDBROKER_SERVICE_API_TOKEN_HIT_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "service/api/admission.h"

namespace credbroker {

// A token that may go out as soon as it is on record that the caller gets it; null: none.
struct UnrecordedHit {
  SessionPtr session;
  // What it is the token of.
  Target target;
};

// Answers a GetToken whose token is in memory, with the bytes that were serialised once. Null, and
// nothing has happened, if there is anything more to it: no live token, a caller to be refused, a
// request to be read with care. If all there is to it is that the caller has not been handed this
// token yet, which must be put on record first, it is in `unrecorded`.
grpc::ServerUnaryReactor* AnswerTokenHit(const ApiParts& parts,
                                         grpc::CallbackServerContext& context,
                                         const grpc::ByteBuffer& request, grpc::ByteBuffer& answer,
                                         UnrecordedHit& unrecorded);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_TOKEN_HIT_H_
