#include "tests/bench/watcher_role.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

#include "tests/bench/load_client.h"
#include "tests/bench/process_stats.h"
#include "tests/bench/roles.h"

namespace credbroker {
namespace {

// How many streams have had their N-th message, and when the last one had it.
class Arrivals {
 public:
  explicit Arrivals(int streams) : streams_(streams) {}

  void Note(size_t message) {
    const absl::Duration now = Monotonic();
    absl::MutexLock lock(&mutex_);
    if (count_.size() < message) {
      count_.resize(message);
      last_.resize(message);
    }
    ++count_[message - 1];
    last_[message - 1] = now;
  }

  // Waits until every stream has had it.
  absl::Duration WaitFor(size_t message) {
    absl::MutexLock lock(&mutex_);
    const auto all = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return count_.size() >= message && count_[message - 1] >= streams_;
    };
    mutex_.Await(absl::Condition(&all));
    return last_[message - 1];
  }

 private:
  const int streams_;
  absl::Mutex mutex_;
  std::vector<int> count_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Duration> last_ ABSL_GUARDED_BY(mutex_);
};

// One stream. Each completion of the queue leads to the next read.
struct Watch {
  grpc::ClientContext context;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream;
  grpc::ByteBuffer message;
  enum { kStarting, kWriting, kReading } state = kStarting;
  size_t messages = 0;
};

void Proceed(Watch& watch, const grpc::ByteBuffer& request, Arrivals& arrivals) {
  switch (watch.state) {
    case Watch::kStarting:
      watch.state = Watch::kWriting;
      watch.stream->WriteLast(request, {}, &watch);
      return;
    case Watch::kReading:
      arrivals.Note(++watch.messages);
      break;
    case Watch::kWriting:
      watch.state = Watch::kReading;
      break;
  }
  watch.stream->Read(&watch.message, &watch);
}

}  // namespace

int PlayWatchers(const std::string& address, int connections, int streams) {
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
  for (int i = 0; i < connections; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stubs.push_back(std::make_unique<grpc::GenericStub>(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
  }
  const grpc::Slice slice(TokenRequestBytes("t0", "a0"));
  const grpc::ByteBuffer request(&slice, 1);
  Arrivals arrivals(streams);
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<Watch>> watches;
  for (int i = 0; i < streams; ++i) {
    auto watch = std::make_unique<Watch>();
    watch->stream = stubs[static_cast<size_t>(i % connections)]->PrepareCall(
        &watch->context, MethodPath("WatchToken"), &queue);
    watch->stream->StartCall(watch.get());
    watches.push_back(std::move(watch));
  }
  std::thread reading([&] {
    void* tag;
    for (bool ok; queue.Next(&tag, &ok);) {
      if (ok) Proceed(*static_cast<Watch*>(tag), request, arrivals);
    }
  });
  arrivals.WaitFor(1);
  fputs("watching\n", stdout);
  fflush(stdout);
  AnswerLines([&](const std::string& question) {
    const size_t message = std::strtoul(question.c_str() + question.find(' '), nullptr, 10);
    return absl::StrCat(absl::ToInt64Nanoseconds(arrivals.WaitFor(message)));
  });
  // The streams end with the process.
  std::_Exit(0);
}

}  // namespace credbroker
