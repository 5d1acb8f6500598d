#include "tests/bench/load_client.h"

#include <algorithm>
#include <limits>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "credbroker/v1/credential_broker.pb.h"

#include "tests/bench/process_stats.h"

namespace credbroker {
namespace {

constexpr absl::Duration kLongestCall = absl::Minutes(2);

grpc::ByteBuffer BytesOf(const std::string& text) {
  const grpc::Slice slice(text);
  return grpc::ByteBuffer(&slice, 1);
}

struct Call {
  grpc::ClientContext context;
  grpc::ByteBuffer answer;
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> rpc;
  grpc::GenericStub* stub = nullptr;
  absl::Duration start;
};

// What a lane is to do.
struct Work {
  // Calls to begin with, and in all.
  uint64_t at_once = 0;
  uint64_t in_all = 0;
  // No further calls after this.
  absl::Duration end;
  bool from_beginning = false;
};

}  // namespace

std::string LoadShape::name() const { return absl::StrCat(connections, " x ", in_flight); }

std::string MethodPath(const std::string& rpc) {
  return absl::StrCat("/credbroker.v1.CredentialBroker/", rpc);
}

std::string TokenRequestBytes(const std::string& tenant, const std::string& account) {
  v1::GetTokenRequest request;
  request.set_tenant(tenant);
  request.set_account(account);
  return request.SerializeAsString();
}

// Some of the connections, with the one thread that drives them.
class LoadClient::Lane {
 public:
  explicit Lane(const LoadClient& client) : client_(client) {}
  ~Lane() {
    queue_.Shutdown();
    void* tag;
    for (bool ok; queue_.Next(&tag, &ok);) {
    }
  }

  void Connect(const std::string& address) {
    grpc::ChannelArguments arguments;
    // Else channels to one address share a connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto channel =
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
    channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(30));
    stubs_.push_back(std::make_unique<grpc::GenericStub>(std::move(channel)));
  }
  size_t connections() const { return stubs_.size(); }

  // `first`: the number of its first request; further ones are `stride` apart.
  LoadResult Run(const Work& work, uint64_t first, uint64_t stride) {
    LoadResult result;
    const absl::Duration begin = Monotonic();
    uint64_t started = 0;
    uint64_t ended = 0;
    const auto start = [&](grpc::GenericStub* stub) {
      StartCall(stub, first + stride * started++);
    };
    while (started < work.at_once) start(stubs_[started % stubs_.size()].get());
    while (ended < started) {
      void* tag;
      bool ok;
      if (!queue_.Next(&tag, &ok)) break;
      const std::unique_ptr<Call> call(static_cast<Call*>(tag));
      const absl::Duration now = Monotonic();
      ++ended;
      if (!call->status.ok()) ++result.failures;
      result.answer_bytes = call->answer.Length();
      result.latencies.Add(now - (work.from_beginning ? begin : call->start));
      if (started < work.in_all && now < work.end) start(call->stub);
    }
    result.calls = ended;
    result.elapsed = Monotonic() - begin;
    return result;
  }

 private:
  void StartCall(grpc::GenericStub* stub, uint64_t number) {
    auto call = std::make_unique<Call>();
    call->stub = stub;
    call->context.set_deadline(std::chrono::system_clock::now() +
                               absl::ToChronoSeconds(kLongestCall));
    call->start = Monotonic();
    call->rpc = stub->PrepareUnaryCall(&call->context, client_.method_,
                                       BytesOf(client_.request_(number)), &queue_);
    call->rpc->StartCall();
    Call* const raw = call.release();
    raw->rpc->Finish(&raw->answer, &raw->status, raw);
  }

  const LoadClient& client_;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
};

LoadClient::LoadClient(const std::string& address, LoadShape shape, std::string method,
                       RequestOf request, int threads)
    : method_(std::move(method)), request_(std::move(request)), shape_(shape) {
  const int lanes = std::min(threads, shape.connections);
  for (int i = 0; i < lanes; ++i) lanes_.push_back(std::make_unique<Lane>(*this));
  for (int i = 0; i < shape.connections; ++i) {
    lanes_[static_cast<size_t>(i) % lanes_.size()]->Connect(address);
  }
}

LoadClient::~LoadClient() = default;

namespace {

// Runs all lanes at once, and adds up.
template <typename Lanes, typename WorkOf>
LoadResult RunAll(Lanes& lanes, WorkOf work_of) {
  std::vector<LoadResult> results(lanes.size());
  std::vector<std::thread> threads;
  const absl::Duration begin = Monotonic();
  for (size_t i = 0; i < lanes.size(); ++i) {
    threads.emplace_back([&, i] { results[i] = lanes[i]->Run(work_of(i), i, lanes.size()); });
  }
  for (std::thread& thread : threads) thread.join();
  LoadResult sum;
  sum.elapsed = Monotonic() - begin;
  for (const LoadResult& result : results) {
    sum.calls += result.calls;
    sum.failures += result.failures;
    sum.answer_bytes = result.answer_bytes;
    sum.latencies.Merge(result.latencies);
  }
  return sum;
}

}  // namespace

size_t LoadClient::AnswerBytes() { return Burst(1).answer_bytes; }

LoadResult LoadClient::Run(absl::Duration duration) {
  const absl::Duration end = Monotonic() + duration;
  return RunAll(lanes_, [&](size_t lane) {
    Work work;
    work.at_once = lanes_[lane]->connections() * static_cast<uint64_t>(shape_.in_flight);
    work.in_all = std::numeric_limits<uint64_t>::max();
    work.end = end;
    return work;
  });
}

LoadResult LoadClient::Burst(uint64_t calls) {
  return RunAll(lanes_, [&](size_t lane) {
    Work work;
    work.at_once = (calls + lanes_.size() - 1 - lane) / lanes_.size();
    work.in_all = work.at_once;
    work.end = absl::InfiniteDuration();
    work.from_beginning = true;
    return work;
  });
}

}  // namespace credbroker
