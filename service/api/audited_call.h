#ifndef CREDBROKER_SERVICE_API_AUDITED_CALL_H_
#define CREDBROKER_SERVICE_API_AUDITED_CALL_H_

#include <grpcpp/support/byte_buffer.h>

#include <memory>

#include "absl/functional/any_invocable.h"

#include "service/api/admission.h"
#include "service/api/status_mapping.h"
#include "service/api/unary_call.h"
#include "service/model/session.h"

// Where the API's calls meet the audit log.

namespace credbroker {

// Answers `call` with what `make` makes of the session, once it is on record that the recipient
// gets the session's token; fails it with AUDIT_UNAVAILABLE if that cannot be recorded. Not on the
// loop.
void Deliver(const ApiParts& parts, std::shared_ptr<UnaryCall> call, SessionPtr session,
             Recipient recipient, absl::AnyInvocable<grpc::ByteBuffer()> make);

// Puts a failure on record if it is about the caller: nobody knows it, or it may not.
void NoteDenial(const ApiParts& parts, Rpc rpc, const CallNames& names, const absl::Status& status);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_AUDITED_CALL_H_
