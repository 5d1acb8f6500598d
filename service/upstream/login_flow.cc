#include "service/upstream/login_flow.h"

#include <string>
#include <utility>

#include "service/model/failure.h"
#include "service/scram/messages.h"

namespace credbroker {
namespace {

// Key derivation may queue behind others, but a login must end: after this many request timeouts.
constexpr int kKeysWait = 3;

}  // namespace

LoginFlow::LoginFlow(Parts parts, UpstreamAccount account,
                     std::shared_ptr<const Credential> credential, Device device,
                     Upstream::LoginDone done)
    : parts_(std::move(parts)),
      account_(std::move(account)),
      credential_(std::move(credential)),
      device_(std::move(device)),
      done_(std::move(done)) {}

void LoginFlow::Start() {
  const std::shared_ptr<LoginFlow> self = shared_from_this();
  const ScramLimits limits{.max_iterations = account_.tenant->max_iterations};
  absl::StatusOr<ScramExchange> exchange =
      ScramExchange::New(account_.tenant->mechanism, account_.email,
                         MakeClientNonce(parts_.random.Bytes(kMinNonceBytes)), limits);
  if (!exchange.ok()) {
    // Not from inside the caller's call.
    parts_.loop.Post([self, status = exchange.status()] { self->Finish(status); });
    return;
  }
  exchange_ = *std::move(exchange);
  const ScramExchange::First first = exchange_->ClientFirst();
  user_ = first.user;
  parts_.api.ScramFirst(
      account_, first,
      [self](const ServerFirst& server_first) {
        absl::StatusOr<KeyParameters> parameters = self->exchange_->OnServerFirst(server_first);
        if (!parameters.ok()) return parameters.status();
        self->parameters_ = *std::move(parameters);
        return absl::OkStatus();
      },
      [self](absl::StatusOr<Instant> lapses) { self->OnServerFirst(std::move(lapses)); });
}

void LoginFlow::OnServerFirst(absl::StatusOr<Instant> lapses) {
  if (!lapses.ok()) {
    const std::optional<Reason> reason = ReasonOf(lapses.status());
    if (reason == Reason::kCredentialRejected || reason == Reason::kAccountForbidden) {
      FinishRejected(lapses.status());
    } else {
      Finish(lapses.status());
    }
    return;
  }
  lapses_ = *lapses;
  RequestKeys();
}

void LoginFlow::RequestKeys() {
  const std::shared_ptr<LoginFlow> self = shared_from_this();
  keys_wanted_ = std::make_shared<std::atomic<bool>>(true);
  keys_timer_ =
      parts_.loop.After(kKeysWait * account_.tenant->request_timeout, [weak = weak_from_this()] {
        if (const std::shared_ptr<LoginFlow> flow = weak.lock()) flow->OnKeysOverdue();
      });
  // The password is read, used and wiped in there, and never meets the loop's thread.
  parts_.workers.Submit(
      account_.tenant->name,
      [self, &loop = parts_.loop, cache = parts_.keys, credential = credential_, key = account_.key,
       parameters = parameters_, wanted = keys_wanted_]() mutable {
        absl::StatusOr<std::shared_ptr<const ScramKeys>> keys = absl::CancelledError();
        if (*wanted) keys = cache->KeysFor(key, parameters, *credential);
        // Back to the loop in any case: the flow ends there.
        loop.Post([self = std::move(self), keys = std::move(keys)]() mutable {
          self->OnKeys(std::move(keys));
        });
      });
}

void LoginFlow::OnKeys(absl::StatusOr<std::shared_ptr<const ScramKeys>> keys) {
  if (parts_.alive.expired() || keys_timer_ == 0) return;  // Nobody waits for them any more.
  parts_.loop.Cancel(std::exchange(keys_timer_, 0));
  if (!keys.ok()) {
    Finish(keys.status());
    return;
  }
  if (parts_.loop.Now() < lapses_) {
    SendFinal(**keys);
    return;
  }
  if (!started_again_) {
    started_again_ = true;
    Start();
    return;
  }
  Finish(Failure(Reason::kUpstreamUnavailable,
                 "upstream's challenge lapsed twice before it could be answered"));
}

void LoginFlow::OnKeysOverdue() {
  keys_timer_ = 0;
  *keys_wanted_ = false;
  if (parts_.alive.expired()) return;
  Finish(Failure(Reason::kUpstreamUnavailable,
                 "the keys could not be derived in time; the broker has too few cores"));
}

void LoginFlow::SendFinal(const ScramKeys& keys) {
  const std::shared_ptr<LoginFlow> self = shared_from_this();
  parts_.api.ScramFinal(
      account_, user_, exchange_->ClientFinal(keys), device_,
      [self](absl::string_view signature) { return self->exchange_->VerifyServerFinal(signature); },
      [self](absl::StatusOr<LoginGrant> grant) { self->OnServerFinal(std::move(grant)); });
}

void LoginFlow::OnServerFinal(absl::StatusOr<LoginGrant> grant) {
  if (ReasonOf(grant.status()) == Reason::kCredentialRejected) {
    parts_.keys->DropRejected(account_.key);
  }
  Finish(std::move(grant));
}

// Ends only when the content is remembered: whoever hears of the rejection may ask at once whether
// the credential has changed since.
void LoginFlow::FinishRejected(const absl::Status& status) {
  parts_.workers.Submit(account_.tenant->name,
                        [self = shared_from_this(), &loop = parts_.loop, cache = parts_.keys,
                         credential = credential_, key = account_.key, status]() mutable {
                          const absl::StatusOr<Secret> password = credential->Read();
                          if (password.ok()) cache->RememberRejected(key, *password);
                          loop.Post([self = std::move(self), status] { self->Finish(status); });
                        });
}

void LoginFlow::Finish(absl::StatusOr<LoginGrant> result) {
  if (parts_.alive.expired()) return;
  exchange_.reset();
  std::exchange(done_, nullptr)(std::move(result));
}

}  // namespace credbroker
