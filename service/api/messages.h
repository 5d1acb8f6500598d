#ifndef CREDBROKER_SERVICE_API_MESSAGES_H_
#define CREDBROKER_SERVICE_API_MESSAGES_H_

#include "absl/time/time.h"
#include "credbroker/v1/credential_broker.pb.h"

#include "service/model/device.h"
#include "service/model/session.h"
#include "service/sessions/session_manager.h"

// Between the API's messages and the values that the service works with. Pure.

namespace credbroker {

// What a caller gets of a session: never its refresh token.
void ToProto(const Session& session, v1::Token& token);
void ToProto(const SessionRow& row, v1::Session& session);
v1::Revoked::Reason ToProto(RevokedReason reason);

// A well-formed duration (field_check.h).
absl::Duration FromProto(const google::protobuf::Duration& duration);
Device FromProto(const v1::Device& device);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_MESSAGES_H_
