#ifndef CREDBROKER_SERVICE_API_FIELD_CHECK_H_
#define CREDBROKER_SERVICE_API_FIELD_CHECK_H_

#include "absl/status/status.h"
#include "credbroker/v1/credential_broker.pb.h"

namespace credbroker {

// Whether a request's fields are well formed, before anything is looked up: INVALID_FIELD, naming
// the field and never its content. Pure. That `account` may be an e-mail address at all depends on
// the tenant, see callers/authorizer.h.
absl::Status CheckFields(const v1::GetTokenRequest& request);
absl::Status CheckFields(const v1::LoginRequest& request);
absl::Status CheckFields(const v1::RefreshRequest& request);
absl::Status CheckFields(const v1::WatchTokenRequest& request);
absl::Status CheckFields(const v1::LogoutRequest& request);
// `page_token` is checked where it is read, see page_token.h.
absl::Status CheckFields(const v1::ListSessionsRequest& request);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_FIELD_CHECK_H_
