#include "service/upstream/session_api.h"

#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "service/base/log.h"
#include "service/base/status_macros.h"
#include "service/model/failure.h"
#include "service/upstream/jwt_lifetime.h"
#include "service/upstream/response_headers.h"
#include "service/upstream/session_json.h"

namespace credbroker {
namespace {

// How long a challenge is trusted to last if upstream's clock is unknown.
constexpr absl::Duration kWindowWithoutDate = absl::Seconds(10);

absl::string_view NameOf(UpstreamCall call) {
  switch (call) {
    case UpstreamCall::kScramFirst:
      return "scram_first";
    case UpstreamCall::kScramFinal:
      return "scram_final";
    case UpstreamCall::kRefresh:
      return "refresh";
    case UpstreamCall::kLogout:
      return "logout";
  }
  return "";
}

absl::Status RejectedStatus(UpstreamCall call, int http_status) {
  switch (call) {
    case UpstreamCall::kScramFirst:
    case UpstreamCall::kScramFinal:
      if (http_status == 416) break;
      return Failure(Reason::kCredentialRejected,
                     "upstream rejected the account's e-mail address or password");
    case UpstreamCall::kRefresh:
      return Failure(Reason::kRefreshTokenDead, "upstream no longer knows the refresh token");
    case UpstreamCall::kLogout:
      if (http_status == 416) return absl::OkStatus();  // It has ended already.
      if (http_status == 400) break;
      return Failure(Reason::kAccessTokenDead, "upstream no longer knows the access token");
  }
  return Failure(Reason::kUpstreamMalformed,
                 absl::StrCat("upstream answered with HTTP status ", http_status));
}

// What an HTTP status means to a call; OK if its body is to be read.
absl::Status StatusFromHttp(UpstreamCall call, const HttpResponse& response, absl::Time now) {
  const int status = response.status;
  if (status == 200) return absl::OkStatus();
  if (status == 400 || status == 401 || status == 416) return RejectedStatus(call, status);
  if (status == 403) {
    return Failure(Reason::kAccountForbidden, "upstream forbids the account to have a session");
  }
  const std::string message = absl::StrCat("upstream answered with HTTP status ", status);
  if (status == 429 || (status >= 500 && status <= 599)) {
    return Failure(Reason::kUpstreamUnavailable, message, RetryAfter(response, now));
  }
  return Failure(Reason::kUpstreamMalformed, message);
}

UpstreamOutcome OutcomeOf(const absl::Status& status) {
  if (status.ok()) return UpstreamOutcome::kOk;
  switch (ReasonOf(status).value_or(Reason::kUpstreamMalformed)) {
    case Reason::kCredentialRejected:
    case Reason::kAccessTokenDead:
      return UpstreamOutcome::kRejected;
    case Reason::kAccountForbidden:
      return UpstreamOutcome::kForbidden;
    case Reason::kRefreshTokenDead:
      return UpstreamOutcome::kDead;
    case Reason::kUpstreamUntrusted:
      return UpstreamOutcome::kUntrusted;
    case Reason::kUpstreamUnavailable:
      return UpstreamOutcome::kUnavailable;
    default:
      return UpstreamOutcome::kMalformed;
  }
}

HttpRequest Post(Secret body, bool repeatable) {
  HttpRequest request;
  request.method = HttpRequest::Method::kPost;
  request.body = std::move(body);
  request.repeatable = repeatable;
  return request;
}

}  // namespace

// One call under way.
struct SessionApi::Call {
  UpstreamCall which;
  std::shared_ptr<const Tenant> tenant;
  AccountKey key;
  Instant sent;
  absl::Time sent_wall;

  // The access token of an answer and what belongs to it.
  absl::StatusOr<IssuedToken> ReadToken(const HttpResponse& response, Json& answer) const {
    IssuedToken token;
    CREDBROKER_ASSIGN_OR_RETURN(token.access_token, AccessToken(response, tenant->session_header));
    CREDBROKER_ASSIGN_OR_RETURN(token.lifetime, JwtLifetime(token.access_token.RevealSecret(),
                                                            sent_wall, tenant->default_lifetime));
    CREDBROKER_ASSIGN_OR_RETURN(token.device_id, RequiredText(answer, "deviceId"));
    CREDBROKER_ASSIGN_OR_RETURN(token.sendbird_session_token,
                                TakeOptionalSecret(answer, "sendbirdSessionToken"));
    token.sent = sent;
    token.sent_wall = sent_wall;
    return token;
  }
};

SessionApi::SessionApi(Loop& loop, HttpClient& http, Metrics& metrics)
    : loop_(loop), http_(http), metrics_(metrics) {}

template <typename T>
void SessionApi::Send(UpstreamCall which, const UpstreamAccount& account, HttpRequest request,
                      Reader<T> read, absl::AnyInvocable<void(absl::StatusOr<T>)> done) {
  Call call{which, account.tenant, account.key, loop_.Now(), loop_.WallNow()};
  request.timeout = account.tenant->request_timeout;
  if (!account.platform.empty()) {
    request.headers.push_back({"Platform", Secret::Copy(account.platform)});
  }
  http_.Send(
      account.tenant, std::move(request),
      [this, alive = std::weak_ptr<const bool>(alive_), call = std::move(call),
       read = std::move(read), done = std::move(done)](HttpResult result) mutable {
        if (alive.expired()) return;
        const int http_status = result.response.ok() ? result.response->status : 0;
        if (call.which == UpstreamCall::kScramFinal && !result.response.ok() && result.body_sent) {
          metrics_.CountLoginOutcomeUnknown(call.tenant->name);
        }
        absl::StatusOr<T> value = [&]() -> absl::StatusOr<T> {
          CREDBROKER_RETURN_IF_ERROR(result.response.status());
          CREDBROKER_RETURN_IF_ERROR(StatusFromHttp(call.which, *result.response, loop_.WallNow()));
          return read(*result.response, call);
        }();
        Report(call, http_status, value.status());
        done(std::move(value));
      });
}

void SessionApi::Report(const Call& call, int http_status, const absl::Status& status) {
  const absl::Duration latency = loop_.Now() - call.sent;
  const UpstreamOutcome outcome = OutcomeOf(status);
  metrics_.CountUpstreamRequest(call.tenant->name, call.which, outcome, latency);
  if (outcome == UpstreamOutcome::kOk) return;
  const bool untrusted = outcome == UpstreamOutcome::kUntrusted;
  if (untrusted) metrics_.CountUpstreamUntrusted(call.tenant->name);
  Log(untrusted ? LogLevel::kError : LogLevel::kWarning, "upstream_call_failed",
      {{"tenant", call.tenant->name},
       {"account", DisplayName(call.key)},
       {"call", NameOf(call.which)},
       {"http_status", http_status},
       {"reason", ReasonName(ReasonOf(status).value_or(Reason::kUpstreamMalformed))},
       {"message", status.message()},
       {"latency", latency}});
}

void SessionApi::ScramFirst(const UpstreamAccount& account, const ScramExchange::First& message,
                            Accept accept, FirstDone done) {
  HttpRequest request = Post(ScramFirstBody(message), /*repeatable=*/true);
  request.url = absl::StrCat(account.tenant->base_url, "/auth/auth");
  Send<Instant>(
      UpstreamCall::kScramFirst, account, std::move(request),
      [accept = std::move(accept)](const HttpResponse& response,
                                   const Call& call) mutable -> absl::StatusOr<Instant> {
        CREDBROKER_ASSIGN_OR_RETURN(const Json answer, ParseAnswer(response.body));
        CREDBROKER_ASSIGN_OR_RETURN(const ServerFirst server_first, ReadServerFirst(answer));
        CREDBROKER_RETURN_IF_ERROR(accept(server_first));
        CREDBROKER_ASSIGN_OR_RETURN(const double expires, ReadExpires(answer));
        const std::optional<absl::Time> date = ServerDate(response);
        if (!date.has_value()) return call.sent + kWindowWithoutDate;
        return call.sent +
               absl::Seconds(expires - absl::ToDoubleSeconds(*date - absl::UnixEpoch()));
      },
      std::move(done));
}

void SessionApi::ScramFinal(const UpstreamAccount& account, absl::string_view user,
                            const ScramExchange::Final& message, const Device& device,
                            Verify verify, FinalDone done) {
  HttpRequest request = Post(ScramFinalBody(user, message, device), /*repeatable=*/false);
  request.url = absl::StrCat(account.tenant->base_url, "/auth/login");
  Send<LoginGrant>(
      UpstreamCall::kScramFinal, account, std::move(request),
      [verify = std::move(verify)](const HttpResponse& response,
                                   const Call& call) mutable -> absl::StatusOr<LoginGrant> {
        CREDBROKER_ASSIGN_OR_RETURN(Json answer, ParseAnswer(response.body));
        const absl::Cleanup wipe = [&answer] { WipeTexts(answer); };
        // First of all: until then it may be anybody's answer.
        CREDBROKER_RETURN_IF_ERROR(verify(StringMember(answer, "signature").value_or("")));
        LoginGrant grant;
        CREDBROKER_ASSIGN_OR_RETURN(grant.token, call.ReadToken(response, answer));
        CREDBROKER_ASSIGN_OR_RETURN(grant.refresh_token, TakeSecret(answer, "refreshToken"));
        CREDBROKER_ASSIGN_OR_RETURN(grant.redirect_project_id,
                                    OptionalText(answer, "redirectProjectId"));
        return grant;
      },
      std::move(done));
}

void SessionApi::Refresh(const UpstreamAccount& account, const Secret& refresh_token,
                         Upstream::RefreshDone done) {
  HttpRequest request = Post(RefreshBody(refresh_token), /*repeatable=*/true);
  request.url = absl::StrCat(account.tenant->base_url, "/auth/session");
  Send<IssuedToken>(
      UpstreamCall::kRefresh, account, std::move(request),
      [](const HttpResponse& response, const Call& call) -> absl::StatusOr<IssuedToken> {
        CREDBROKER_ASSIGN_OR_RETURN(Json answer, ParseAnswer(response.body));
        const absl::Cleanup wipe = [&answer] { WipeTexts(answer); };
        return call.ReadToken(response, answer);
      },
      std::move(done));
}

void SessionApi::Logout(const UpstreamAccount& account, const Secret& access_token,
                        Upstream::LogoutDone done) {
  HttpRequest request;
  request.method = HttpRequest::Method::kGet;
  request.url = absl::StrCat(account.tenant->base_url, "/auth/logout");
  request.headers.push_back({account.tenant->session_header, access_token.Clone()});
  request.repeatable = true;
  // Nothing of the answer is needed; `true` stands for it.
  Send<bool>(
      UpstreamCall::kLogout, account, std::move(request),
      [](const HttpResponse&, const Call&) -> absl::StatusOr<bool> { return true; },
      [done = std::move(done)](absl::StatusOr<bool> ended) mutable { done(ended.status()); });
}

}  // namespace credbroker
