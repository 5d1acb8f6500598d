#ifndef CREDBROKER_SERVICE_UPSTREAM_SESSION_API_H_
#define CREDBROKER_SERVICE_UPSTREAM_SESSION_API_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "service/base/clock.h"
#include "service/base/loop.h"
#include "service/base/secret.h"
#include "service/ops/metrics.h"
#include "service/scram/exchange.h"
#include "service/scram/messages.h"
#include "service/upstream/http_client.h"
#include "service/upstream/upstream.h"

namespace credbroker {

// The four calls of the upstream REST API, typed: builds the requests, reads the answers strictly,
// gives each HTTP status its meaning (upstream.h), counts and logs. Knows JSON and HTTP, but no
// SCRAM: whoever calls says whether the server is to be trusted.
//
// Lives on one loop. `done` runs there, exactly once, never inside the call; if this object ends
// before, it is destroyed without being run.
class SessionApi {
 public:
  // What is referred to outlives this object.
  SessionApi(Loop& loop, HttpClient& http, Metrics& metrics);

  // POST /auth/auth. `accept` judges the server's message before anything else of the answer is
  // used; its failure becomes the call's. An iteration count or a salt that is there but is no
  // whole number or no text is UPSTREAM_UNTRUSTED as well. `done` gets when the challenge lapses:
  // `expires` - `Date`, or 10 s without a `Date`, counted from when the request was sent, so that
  // it is never overstated.
  using Accept = absl::AnyInvocable<absl::Status(const ServerFirst&)>;
  using FirstDone = absl::AnyInvocable<void(absl::StatusOr<Instant>)>;
  void ScramFirst(const UpstreamAccount& account, const ScramExchange::First& message,
                  Accept accept, FirstDone done);

  // POST /auth/login, never sent twice. `verify` gets the signature (empty if there is none) before
  // anything else of the answer is used; if it fails, all of it is discarded. `device` has all that
  // is to be sent.
  using Verify = absl::AnyInvocable<absl::Status(absl::string_view signature)>;
  using FinalDone = absl::AnyInvocable<void(absl::StatusOr<LoginGrant>)>;
  void ScramFinal(const UpstreamAccount& account, absl::string_view user,
                  const ScramExchange::Final& message, const Device& device, Verify verify,
                  FinalDone done);

  // POST /auth/session.
  void Refresh(const UpstreamAccount& account, const Secret& refresh_token,
               Upstream::RefreshDone done);

  // GET /auth/logout.
  void Logout(const UpstreamAccount& account, const Secret& access_token,
              Upstream::LogoutDone done);

 private:
  struct Call;
  template <typename T>
  using Reader = absl::AnyInvocable<absl::StatusOr<T>(const HttpResponse&, const Call&)>;

  template <typename T>
  void Send(UpstreamCall which, const UpstreamAccount& account, HttpRequest request, Reader<T> read,
            absl::AnyInvocable<void(absl::StatusOr<T>)> done);
  void Report(const Call& call, int http_status, const absl::Status& status);

  Loop& loop_;
  HttpClient& http_;
  Metrics& metrics_;
  // Answers that come after its end are dropped.
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_SESSION_API_H_
