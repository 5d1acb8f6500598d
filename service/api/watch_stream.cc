#include "service/api/watch_stream.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "credbroker/v1/credential_broker.pb.h"

#include "service/api/audited_call.h"
#include "service/api/field_check.h"
#include "service/api/messages.h"
#include "service/api/token_answer.h"
#include "service/api/watch_outbox.h"
#include "service/api/wire_message.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

// The share of `longest_watch` over which the ends of watches are spread.
constexpr double kSpread = 0.1;

grpc::ByteBuffer RevokedMessage(RevokedReason reason) {
  v1::WatchTokenResponse response;
  response.mutable_revoked()->set_reason(ToProto(reason));
  return BytesOf(Serialise(response));
}

// The wait is spread, or all the watches of a server would be opened again in the same moment.
absl::Status ComeBack(absl::string_view why, Random& random) {
  return Failure(Reason::kDraining, why,
                 absl::Milliseconds(500) + absl::Seconds(random.Fraction()));
}

absl::Status IdentityExpired() {
  return Failure(Reason::kCallerUnidentified,
                 "the caller's certificate or token has expired: watch anew with a new one");
}

}  // namespace

// Shared by the reactor and the session manager's callbacks, which may end later.
class WatchStream : public std::enable_shared_from_this<WatchStream> {
 public:
  WatchStream(const ApiParts& parts, WatchRegistry& registry, Instant deadline)
      : parts_(parts), registry_(registry), start_(parts.loop.Now()), deadline_(deadline) {}

  class Reactor : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
   public:
    explicit Reactor(std::shared_ptr<WatchStream> stream) : stream_(std::move(stream)) {}
    void OnWriteDone(bool ok) override { stream_->OnWriteDone(ok); }
    void OnCancel() override { stream_->OnCancel(); }
    void OnDone() override {
      const std::shared_ptr<WatchStream> stream = std::move(stream_);
      delete this;
      stream->OnDone();
    }

   private:
    std::shared_ptr<WatchStream> stream_;
  };

  Reactor* Attach() {
    absl::MutexLock lock(&mutex_);
    reactor_ = new Reactor(shared_from_this());
    return reactor_;
  }
  void Open(const grpc::CallbackServerContext& context, const grpc::ByteBuffer& bytes);
  void EndForDrain() { End(ComeBack("the broker is shutting down: watch anew", parts_.random)); }

 private:
  // Changes the outbox, then does what follows from it.
  template <typename Change>
  void Do(Change change);
  void End(absl::Status status) {
    Do([&](WatchOutbox& outbox) { outbox.End(std::move(status)); });
  }
  void Respond(WorkerPool::Work answer);
  void Watch(Admission admission);
  void StartAgeing();
  // Whether the caller may still see tokens: the rules may have changed, and time goes by.
  absl::Status Reauthorise() const;
  void Push(const SessionPtr& session);
  void Finish(Reactor& reactor, const absl::Status& end, bool cancelled);
  void OnWriteDone(bool ok);
  void OnCancel();
  void OnDone();

  const ApiParts& parts_;
  WatchRegistry& registry_;
  const Instant start_;
  // The caller's own.
  const Instant deadline_;
  // Written by Open alone, before anything can end the stream.
  CallNames names_;
  Caller caller_;
  // Which account was meant: its name or, for a caller's own, its address.
  std::string account_;
  Recipient recipient_;
  CallerQuotas::Place place_;
  // Belongs to gRPC while a write is under way.
  grpc::ByteBuffer current_;
  // The loop's.
  TimerId age_timer_ = 0;

  absl::Mutex mutex_;
  Reactor* reactor_ ABSL_GUARDED_BY(mutex_) = nullptr;
  CallId call_ ABSL_GUARDED_BY(mutex_) = 0;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  WatchOutbox outbox_ ABSL_GUARDED_BY(mutex_);
};

void WatchStream::Open(const grpc::CallbackServerContext& context, const grpc::ByteBuffer& bytes) {
  if (!parts_.tracker.Enter()) {
    EndForDrain();
    return;
  }
  v1::WatchTokenRequest request;
  const absl::Status read = Parse(ViewOf(Flatten(bytes)), request);
  if (read.ok()) names_ = {request.tenant(), request.account(), ""};
  auto admission =
      Admit(parts_, context, {Rpc::kWatchToken, request.tenant(), request.account(), false, false},
            read.ok() ? CheckFields(request) : read, names_);
  if (!admission.ok()) {
    End(admission.status());
    return;
  }
  caller_ = admission->caller;
  account_ =
      admission->target.email.empty() ? admission->target.key.account : admission->target.email;
  recipient_ = std::move(admission->recipient);
  place_ = std::move(admission->place);
  registry_.Add(shared_from_this());
  StartAgeing();
  Watch(*std::move(admission));
}

void WatchStream::Watch(Admission admission) {
  const auto self = shared_from_this();
  const CallId call = parts_.sessions.Watch(
      std::move(admission.target), std::move(admission.options),
      [self](const SessionPtr& session) {
        self->Respond([self, session] { self->Push(session); });
      },
      [self](const WatchEnd& end) {
        self->Respond([self, end] {
          self->Do([&](WatchOutbox& outbox) {
            if (end.revoked.has_value()) outbox.EndWith(RevokedMessage(*end.revoked));
            outbox.End(end.status);
          });
        });
      });
  bool cancelled;
  {
    absl::MutexLock lock(&mutex_);
    call_ = call;
    cancelled = cancelled_;
  }
  if (cancelled) parts_.sessions.Cancel(call);
}

absl::Status WatchStream::Reauthorise() const {
  if (parts_.loop.WallNow() >= caller_.expires) return IdentityExpired();
  const std::shared_ptr<const AccessRules> rules = parts_.access.Get();
  return Decide(caller_, {Rpc::kWatchToken, names_.tenant, account_, false, false}, *rules->tenants,
                rules->policy)
      .status();
}

// Sends a token once it is on record that the watcher gets it.
void WatchStream::Push(const SessionPtr& session) {
  absl::Status may = Reauthorise();
  if (!may.ok()) {
    End(std::move(may));
    return;
  }
  const auto add = [self = shared_from_this(), session] {
    self->Do([&](WatchOutbox& outbox) {
      outbox.Add(session->generation, session->live_until, BytesOf(TokenAnswer(*session)));
    });
  };
  if (parts_.trail.handouts.Repeats(*session, recipient_.principal)) {
    add();
    return;
  }
  parts_.trail.handouts.Record(*session, recipient_,
                               [self = shared_from_this(), add](const absl::Status& recorded) {
                                 self->Respond([self, add, recorded] {
                                   if (recorded.ok()) {
                                     add();
                                   } else {
                                     self->End(recorded);
                                   }
                                 });
                               });
}

void WatchStream::StartAgeing() {
  absl::Duration age = parts_.longest_watch * (1 - kSpread * parts_.random.Fraction());
  absl::Status end = ComeBack("the connection has reached its age: watch anew", parts_.random);
  const absl::Duration identified = caller_.expires - parts_.loop.WallNow();
  if (identified < age) {
    age = identified;
    end = IdentityExpired();
  }
  parts_.loop.Post([self = shared_from_this(), age, end, loop = &parts_.loop] {
    self->age_timer_ = loop->After(age, [weak = self->weak_from_this(), end] {
      if (const auto aged = weak.lock()) aged->Respond([aged, end] { aged->End(end); });
    });
  });
}

// The session manager's last word may come when the stream, and the server with it, is gone; until
// the stream has finished, the server cannot be.
void WatchStream::Respond(WorkerPool::Work answer) {
  absl::MutexLock lock(&mutex_);
  if (!outbox_.finished()) parts_.pusher.Submit("", std::move(answer));
}

// Acts without the lock: gRPC may call back from inside StartWrite and Finish. Whoever gets a step
// from the outbox is alone in having the reactor to itself.
template <typename Change>
void WatchStream::Do(Change change) {
  Reactor* reactor;
  WatchOutbox::Step step;
  bool cancelled;
  {
    absl::MutexLock lock(&mutex_);
    change(outbox_);
    step = outbox_.Next(parts_.loop.Now());
    reactor = reactor_;
    cancelled = cancelled_;
  }
  if (auto* const message = std::get_if<grpc::ByteBuffer>(&step); message != nullptr) {
    current_.Swap(message);
    reactor->StartWrite(&current_);
  } else if (const auto* const end = std::get_if<absl::Status>(&step); end != nullptr) {
    Finish(*reactor, *end, cancelled);
  }
}

void WatchStream::Finish(Reactor& reactor, const absl::Status& end, bool cancelled) {
  NoteDenial(parts_, Rpc::kWatchToken, names_, end);
  const grpc::Status status = ToGrpcStatus(end, names_);
  const Instant now = parts_.loop.Now();
  // Before the caller can see the end, so that it finds itself counted.
  parts_.metrics.CountRpc(RpcName(Rpc::kWatchToken),
                          cancelled ? CancellationCode(start_, deadline_, now)
                                    : static_cast<absl::StatusCode>(status.error_code()),
                          now - start_);
  place_.Answered();
  reactor.Finish(status);
}

// What waits may have been allowed long ago, if its reader is slow.
void WatchStream::OnWriteDone(bool ok) {
  const absl::Status may = Reauthorise();
  Do([&](WatchOutbox& outbox) {
    outbox.WriteDone(ok);
    if (!may.ok()) outbox.Withhold(may);
  });
}

void WatchStream::OnCancel() {
  CallId call;
  {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
    call = call_;
  }
  if (call != 0) parts_.sessions.Cancel(call);
  End(absl::CancelledError("the caller has gone"));
}

void WatchStream::OnDone() {
  CallId call;
  {
    absl::MutexLock lock(&mutex_);
    call = call_;
  }
  if (call != 0) parts_.sessions.Cancel(call);
  parts_.loop.Post(
      [self = shared_from_this(), loop = &parts_.loop] { loop->Cancel(self->age_timer_); });
  registry_.Remove(shared_from_this());
  place_ = CallerQuotas::Place();
  parts_.tracker.Leave();
}

void WatchRegistry::Add(const std::shared_ptr<WatchStream>& stream) {
  {
    absl::MutexLock lock(&mutex_);
    if (!ended_) {
      streams_.insert(stream);
      return;
    }
  }
  stream->EndForDrain();
}

void WatchRegistry::Remove(const std::shared_ptr<WatchStream>& stream) {
  absl::MutexLock lock(&mutex_);
  streams_.erase(stream);
}

void WatchRegistry::EndAll() {
  std::vector<std::shared_ptr<WatchStream>> streams;
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
    streams.assign(streams_.begin(), streams_.end());
  }
  for (const auto& stream : streams) stream->EndForDrain();
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* OpenWatch(const ApiParts& parts,
                                                      WatchRegistry& registry,
                                                      const grpc::CallbackServerContext& context,
                                                      const grpc::ByteBuffer& request) {
  auto stream = std::make_shared<WatchStream>(parts, registry, DeadlineOf(context, parts.loop));
  auto* const reactor = stream->Attach();
  stream->Open(context, request);
  return reactor;
}

}  // namespace credbroker
