#include "service/operator/upstream_conversation.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"

#include "service/base/clock.h"
#include "service/base/event_loop.h"
#include "service/base/random.h"
#include "service/base/status_macros.h"
#include "service/base/version.h"
#include "service/base/worker_pool.h"
#include "service/ops/metrics.h"
#include "service/scram/exchange.h"
#include "service/upstream/curl_http_client.h"
#include "service/upstream/file_credential.h"
#include "service/upstream/response_headers.h"
#include "service/upstream/scram_upstream.h"
#include "service/upstream/session_api.h"

namespace credbroker {
namespace {

// Runs `call` on the loop and waits for what it hands to its argument.
template <typename T>
T Await(Loop& loop, absl::AnyInvocable<void(absl::AnyInvocable<void(T)>)> call) {
  std::optional<T> result;
  absl::Notification done;
  loop.Post([&] {
    call([&](T value) {
      result = std::move(value);
      done.Notify();
    });
  });
  done.WaitForNotification();
  return *std::move(result);
}

UpstreamAccount AccountOf(const ConfiguredAccount& configured, const Tenant& tenant) {
  return {std::make_shared<const Tenant>(tenant),
          {tenant.name, configured.account.name},
          configured.account.email,
          configured.account.platform};
}

}  // namespace

// Notes when upstream answered by its own clock. Lives on the loop.
class UpstreamConversation::DateNotingClient : public HttpClient {
 public:
  DateNotingClient(Loop& loop, HttpClient& http) : loop_(loop), http_(http) {}

  void Send(std::shared_ptr<const Tenant> tenant, HttpRequest request, Done done) override {
    http_.Send(std::move(tenant), std::move(request),
               [this, sent = loop_.WallNow(), done = std::move(done)](HttpResult result) mutable {
                 clock_ahead_.reset();
                 if (result.response.ok()) Note(sent, *result.response);
                 done(std::move(result));
               });
  }

  std::optional<absl::Duration> clock_ahead() const { return clock_ahead_; }

 private:
  void Note(absl::Time sent, const HttpResponse& response) {
    const std::optional<absl::Time> date = ServerDate(response);
    if (!date.has_value()) return;
    // It was written somewhere between the two, and says whole seconds only, rounded down.
    const absl::Time midway = sent + (loop_.WallNow() - sent) / 2;
    clock_ahead_ = *date + absl::Milliseconds(500) - midway;
  }

  Loop& loop_;
  HttpClient& http_;
  std::optional<absl::Duration> clock_ahead_;
};

// In the order in which it is built; ended the other way round, after the loop has stopped.
struct UpstreamConversation::Connection {
  explicit Connection(const std::string& tenant) : metrics({tenant}) {}
  ~Connection() {
    loop.Stop();
    workers.reset();
  }

  Metrics metrics;
  EventLoop loop{SystemClock(), "upstream"};
  CurlHttpClient curl{loop, absl::StrCat("credbroker/", kVersion)};
  DateNotingClient http{loop, curl};
  std::unique_ptr<ThreadWorkerPool> workers = std::make_unique<ThreadWorkerPool>(1);
  SessionApi api{loop, http, metrics};
  ScramUpstream upstream{{loop, http, *workers, SystemRandom(), metrics}, kVersion};
};

UpstreamConversation::UpstreamConversation(ConfiguredAccount account)
    : account_(std::move(account)),
      connection_(std::make_unique<Connection>(account_.tenant->name)) {}

UpstreamConversation::~UpstreamConversation() = default;

absl::StatusOr<UpstreamConversation::FirstAnswer> UpstreamConversation::AskFirst() {
  const ScramLimits limits{.max_iterations = account_.tenant->max_iterations};
  CREDBROKER_ASSIGN_OR_RETURN(
      ScramExchange exchange,
      ScramExchange::New(account_.tenant->mechanism, account_.account.email,
                         MakeClientNonce(SystemRandom().Bytes(kMinNonceBytes)), limits));
  const ScramExchange::First first = exchange.ClientFirst();
  FirstAnswer answer;
  const auto lapses = Await<absl::StatusOr<Instant>>(
      connection_->loop, [&](absl::AnyInvocable<void(absl::StatusOr<Instant>)> done) {
        connection_->api.ScramFirst(
            AccountOf(account_, *account_.tenant), first,
            [&](const ServerFirst& server_first) {
              absl::StatusOr<KeyParameters> parameters = exchange.OnServerFirst(server_first);
              if (parameters.ok()) answer.parameters = *std::move(parameters);
              return parameters.status();
            },
            std::move(done));
      });
  CREDBROKER_RETURN_IF_ERROR(lapses.status());
  answer.clock_ahead = connection_->http.clock_ahead();
  return answer;
}

absl::Status UpstreamConversation::TryLogin(Mechanism mechanism,
                                            std::optional<absl::Status>& logged_out) {
  Tenant tenant = *account_.tenant;
  tenant.mechanism = mechanism;
  const UpstreamAccount account = AccountOf(account_, tenant);
  const auto grant = Await<absl::StatusOr<LoginGrant>>(
      connection_->loop, [&](absl::AnyInvocable<void(absl::StatusOr<LoginGrant>)> done) {
        connection_->upstream.Login(account, ConfiguredCredential(account_.account), Device{},
                                    std::move(done));
      });
  CREDBROKER_RETURN_IF_ERROR(grant.status());
  logged_out =
      Await<absl::Status>(connection_->loop, [&](absl::AnyInvocable<void(absl::Status)> done) {
        connection_->upstream.Logout(account, grant->token.access_token, std::move(done));
      });
  return absl::OkStatus();
}

}  // namespace credbroker
