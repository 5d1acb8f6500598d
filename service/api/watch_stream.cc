#include "service/api/watch_stream.h"

#include <optional>
#include <utility>
#include <vector>

#include "service/api/field_check.h"
#include "service/api/messages.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

absl::Status Draining() {
  return Failure(Reason::kDraining, "the broker is shutting down: open the watch again",
                 absl::Seconds(1));
}

}  // namespace

// Shared by the reactor and the session manager's callbacks, which may end later.
class WatchStream : public std::enable_shared_from_this<WatchStream> {
 public:
  WatchStream(const ApiParts& parts, WatchRegistry& registry, CallNames names)
      : parts_(parts),
        registry_(registry),
        names_(std::move(names)),
        start_(parts.clock.Steady()) {}

  class Reactor : public grpc::ServerWriteReactor<v1::WatchTokenResponse> {
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

  void Open(const grpc::CallbackServerContext& context, const v1::WatchTokenRequest& request);
  Reactor* Attach() {
    absl::MutexLock lock(&mutex_);
    reactor_ = new Reactor(shared_from_this());
    return reactor_;
  }
  void End(absl::Status status);

 private:
  void Respond(WorkerPool::Work answer);
  void Send(v1::WatchTokenResponse response);
  void Step() ABSL_LOCKS_EXCLUDED(mutex_);
  void OnWriteDone(bool ok);
  void OnCancel();
  void OnDone();

  const ApiParts& parts_;
  WatchRegistry& registry_;
  CallNames names_;
  const Instant start_;

  absl::Mutex mutex_;
  Reactor* reactor_ ABSL_GUARDED_BY(mutex_) = nullptr;
  CallId call_ ABSL_GUARDED_BY(mutex_) = 0;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t newest_ ABSL_GUARDED_BY(mutex_) = 0;
  // Belongs to gRPC while `writing_`.
  v1::WatchTokenResponse current_;
  std::optional<v1::WatchTokenResponse> next_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
};

void WatchStream::Open(const grpc::CallbackServerContext& context,
                       const v1::WatchTokenRequest& request) {
  if (!parts_.tracker.Enter()) {
    End(Draining());
    return;
  }
  AccessRequest access{Rpc::kWatchToken, request.tenant(), request.account(), false, false};
  auto admission = Admit(parts_, context, access, CheckFields(request), names_);
  if (!admission.ok()) {
    End(admission.status());
    return;
  }
  const auto self = shared_from_this();
  registry_.Add(self);
  const CallId call = parts_.sessions.Watch(
      std::move(admission->target), std::move(admission->options),
      [self](const SessionPtr& session) {
        v1::WatchTokenResponse response;
        ToProto(*session, *response.mutable_token());
        self->Respond(
            [self, response = std::move(response)]() mutable { self->Send(std::move(response)); });
      },
      [self](const WatchEnd& end) {
        self->Respond([self, end] {
          if (end.revoked.has_value()) {
            v1::WatchTokenResponse response;
            response.mutable_revoked()->set_reason(ToProto(*end.revoked));
            self->Send(std::move(response));
          }
          self->End(end.status);
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

// The session manager's last word may come when the stream, and the server with it, is gone; until
// the stream has finished, the server cannot be.
void WatchStream::Respond(WorkerPool::Work answer) {
  absl::MutexLock lock(&mutex_);
  if (!finished_) parts_.responder.Submit("", std::move(answer));
}

void WatchStream::Send(v1::WatchTokenResponse response) {
  {
    absl::MutexLock lock(&mutex_);
    // Two responders may overtake each other.
    if (response.has_token() && response.token().generation() < newest_) return;
    if (response.has_token()) newest_ = response.token().generation();
    if (end_.has_value()) return;
    next_ = std::move(response);
  }
  Step();
}

void WatchStream::End(absl::Status status) {
  {
    absl::MutexLock lock(&mutex_);
    if (end_.has_value()) return;
    end_ = std::move(status);
  }
  Step();
}

// Without the lock: gRPC may call back from inside StartWrite and Finish. Whoever sets `writing_`
// or `finished_` is alone in having the reactor to itself.
void WatchStream::Step() {
  Reactor* reactor;
  bool write;
  grpc::Status status;
  {
    absl::MutexLock lock(&mutex_);
    if (writing_ || finished_) return;
    reactor = reactor_;
    write = next_.has_value() && (!end_.has_value() || end_->ok());
    if (write) {
      current_ = *std::move(next_);
      next_.reset();
      writing_ = true;
    } else if (end_.has_value()) {
      finished_ = true;
      if (!end_->ok()) status = ToGrpcStatus(*end_, names_);
    } else {
      return;
    }
  }
  if (write) {
    reactor->StartWrite(&current_);
  } else {
    reactor->Finish(status);
  }
}

void WatchStream::OnWriteDone(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok && !end_.has_value()) end_ = absl::CancelledError("the stream is gone");
    if (!ok) next_.reset();
  }
  Step();
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
  absl::StatusCode code;
  CallId call;
  {
    absl::MutexLock lock(&mutex_);
    code = end_.has_value() ? end_->code() : absl::StatusCode::kCancelled;
    call = call_;
  }
  if (call != 0) parts_.sessions.Cancel(call);
  registry_.Remove(shared_from_this());
  parts_.metrics.CountRpc(RpcName(Rpc::kWatchToken), code, parts_.clock.Steady() - start_);
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
  stream->End(Draining());
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
  for (const auto& stream : streams) stream->End(Draining());
}

grpc::ServerWriteReactor<v1::WatchTokenResponse>* OpenWatch(
    const ApiParts& parts, WatchRegistry& registry, const grpc::CallbackServerContext& context,
    const v1::WatchTokenRequest& request) {
  auto stream = std::make_shared<WatchStream>(parts, registry,
                                              CallNames{request.tenant(), request.account(), ""});
  auto* reactor = stream->Attach();
  stream->Open(context, request);
  return reactor;
}

}  // namespace credbroker
