#include "service/upstream/login_flow.h"

#include <string>
#include <utility>

#include "service/model/failure.h"
#include "service/scram/messages.h"

namespace credbroker {
namespace {

// A worker may be busy for others, but a login must end: after this many request timeouts.
constexpr int kWorkerWait = 3;

}  // namespace

LoginFlow::LoginFlow(Parts parts, UpstreamAccount account,
                     std::shared_ptr<const Credential> credential, Device device,
                     Upstream::LoginDone done)
    : parts_(std::move(parts)),
      account_(std::move(account)),
      credential_(std::move(credential)),
      device_(std::move(device)),
      done_(std::move(done)) {}

void LoginFlow::AwaitWorker() {
  worker_wanted_ = std::make_shared<std::atomic<bool>>(true);
  worker_timer_ =
      parts_.loop.After(kWorkerWait * account_.tenant->request_timeout, [weak = weak_from_this()] {
        if (const std::shared_ptr<LoginFlow> flow = weak.lock()) flow->OnWorkerOverdue();
      });
}

bool LoginFlow::EndWait() {
  if (parts_.alive.expired() || worker_timer_ == 0) return false;
  parts_.loop.Cancel(std::exchange(worker_timer_, 0));
  return true;
}

void LoginFlow::OnWorkerOverdue() {
  worker_timer_ = 0;
  *worker_wanted_ = false;
  if (parts_.alive.expired()) return;
  Finish(Failure(Reason::kUpstreamUnavailable,
                 "the keys could not be derived in time; the broker has too few cores"));
}

void LoginFlow::Start() {
  AwaitWorker();
  // The password is read and wiped in there, and never meets the loop's thread.
  parts_.workers.Submit(
      account_.tenant->name,
      [self = shared_from_this(), &loop = parts_.loop, cache = parts_.keys,
       credential = credential_, key = account_.key, wanted = worker_wanted_]() mutable {
        absl::StatusOr<std::string> content = absl::CancelledError();
        if (*wanted) content = cache->Recognise(key, *credential);
        // Back to the loop in any case: the flow ends there.
        loop.Post([self = std::move(self), content = std::move(content)]() mutable {
          self->OnCredential(std::move(content));
        });
      });
}

void LoginFlow::OnCredential(absl::StatusOr<std::string> content) {
  if (!EndWait()) return;
  if (!content.ok()) {
    Finish(content.status());
    return;
  }
  content_ = *std::move(content);
  SendFirst();
}

void LoginFlow::SendFirst() {
  const ScramLimits limits{.max_iterations = account_.tenant->max_iterations};
  absl::StatusOr<ScramExchange> exchange =
      ScramExchange::New(account_.tenant->mechanism, account_.email,
                         MakeClientNonce(parts_.random.Bytes(kMinNonceBytes)), limits);
  if (!exchange.ok()) {
    Finish(exchange.status());
    return;
  }
  exchange_ = *std::move(exchange);
  const ScramExchange::First first = exchange_->ClientFirst();
  user_ = first.user;
  const std::shared_ptr<LoginFlow> self = shared_from_this();
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
    const bool rejected =
        reason == Reason::kCredentialRejected || reason == Reason::kAccountForbidden;
    // Before it is told: whoever hears of it may ask at once whether the content has changed since.
    if (rejected && !content_.empty()) {
      parts_.keys->RememberRejected(account_.key, std::move(content_));
    }
    Finish(lapses.status());
    return;
  }
  lapses_ = *lapses;
  RequestKeys();
}

void LoginFlow::RequestKeys() {
  AwaitWorker();
  // As in Start, the password stays in there.
  parts_.workers.Submit(
      account_.tenant->name, [self = shared_from_this(), &loop = parts_.loop, cache = parts_.keys,
                              credential = credential_, key = account_.key,
                              parameters = parameters_, wanted = worker_wanted_]() mutable {
        absl::StatusOr<std::shared_ptr<const ScramKeys>> keys = absl::CancelledError();
        if (*wanted) keys = cache->KeysFor(key, parameters, *credential);
        loop.Post([self = std::move(self), keys = std::move(keys)]() mutable {
          self->OnKeys(std::move(keys));
        });
      });
}

void LoginFlow::OnKeys(absl::StatusOr<std::shared_ptr<const ScramKeys>> keys) {
  if (!EndWait()) return;
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
    SendFirst();
    return;
  }
  Finish(Failure(Reason::kUpstreamUnavailable,
                 "upstream's challenge lapsed twice before it could be answered"));
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

void LoginFlow::Finish(absl::StatusOr<LoginGrant> result) {
  if (parts_.alive.expired()) return;
  exchange_.reset();
  std::exchange(done_, nullptr)(std::move(result));
}

}  // namespace credbroker
