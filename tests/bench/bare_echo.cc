#include "tests/bench/bare_echo.h"

#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "credbroker/v1/credential_broker.grpc.pb.h"

namespace credbroker {
namespace {

// A token of one string, so that the whole answer has `bytes` bytes.
v1::GetTokenResponse AnswerOf(size_t bytes) {
  v1::GetTokenResponse response;
  std::string& text = *response.mutable_token()->mutable_access_token();
  text.assign(bytes, 'x');
  while (!text.empty() && response.ByteSizeLong() > bytes) text.pop_back();
  return response;
}

class TypedService : public v1::CredentialBroker::CallbackService {
 public:
  explicit TypedService(size_t bytes) : text_(AnswerOf(bytes).token().access_token()) {}

  grpc::ServerUnaryReactor* GetToken(grpc::CallbackServerContext* context,
                                     const v1::GetTokenRequest*,
                                     v1::GetTokenResponse* response) override {
    response->mutable_token()->set_access_token(text_);
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const std::string text_;
};

using RawMethods = v1::CredentialBroker::WithRawCallbackMethod_GetToken<
    v1::CredentialBroker::WithRawCallbackMethod_WatchToken<v1::CredentialBroker::Service>>;

}  // namespace

// The open streams.
class BareEcho::Streams {
 public:
  explicit Streams(size_t bytes)
      : slice_(AnswerOf(bytes).SerializeAsString()), answer_(&slice_, 1) {}

  class Stream : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
   public:
    explicit Stream(Streams& all) : all_(all), answer_(all.answer_) { StartWrite(&answer_); }
    void OnCancel() override { Finish(grpc::Status::CANCELLED); }
    void OnDone() override {
      all_.Remove(this);
      delete this;
    }
    void Push() { StartWrite(&answer_); }

   private:
    Streams& all_;
    grpc::ByteBuffer answer_;
  };

  Stream* Open() {
    auto* const stream = new Stream(*this);
    absl::MutexLock lock(&mutex_);
    open_.insert(stream);
    return stream;
  }
  void Remove(Stream* stream) {
    absl::MutexLock lock(&mutex_);
    open_.erase(stream);
  }
  // While no stream ends.
  void Push() {
    std::vector<Stream*> open;
    {
      absl::MutexLock lock(&mutex_);
      open.assign(open_.begin(), open_.end());
    }
    for (Stream* const stream : open) stream->Push();
  }
  const grpc::ByteBuffer& answer() const { return answer_; }

 private:
  const grpc::Slice slice_;
  const grpc::ByteBuffer answer_;
  absl::Mutex mutex_;
  absl::flat_hash_set<Stream*> open_ ABSL_GUARDED_BY(mutex_);
};

namespace {

template <typename Streams>
class RawService : public RawMethods {
 public:
  explicit RawService(Streams& streams) : streams_(streams) {}

  grpc::ServerUnaryReactor* GetToken(grpc::CallbackServerContext* context, const grpc::ByteBuffer*,
                                     grpc::ByteBuffer* response) override {
    *response = streams_.answer();
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchToken(grpc::CallbackServerContext*,
                                                         const grpc::ByteBuffer*) override {
    return streams_.Open();
  }

 private:
  Streams& streams_;
};

}  // namespace

BareEcho::BareEcho(EchoKind kind, size_t answer_bytes)
    : streams_(std::make_unique<Streams>(answer_bytes)) {
  if (kind == EchoKind::kTyped) {
    service_ = std::make_unique<TypedService>(answer_bytes);
  } else {
    service_ = std::make_unique<RawService<Streams>>(*streams_);
  }
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
  address_ = absl::StrCat("127.0.0.1:", port);
}

BareEcho::~BareEcho() { server_->Shutdown(std::chrono::system_clock::now()); }

void BareEcho::Push() { streams_->Push(); }

}  // namespace credbroker
