#include "service/main/process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "service/base/secret.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;

TEST(ScrubEnvironment, Row22RemovesWhatSteersTheLibraries) {
  const std::vector<const char*> kRemoved = {
      "http_proxy",     "HTTP_PROXY",      "https_proxy",     "HTTPS_PROXY",
      "all_proxy",      "ALL_PROXY",       "no_proxy",        "NO_PROXY",
      "Http_Proxy",     "grpc_proxy",      "no_grpc_proxy",   "NETRC",
      "SSLKEYLOGFILE",  "GRPC_TRACE",      "GRPC_VERBOSITY",  "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
      "CURL_CA_BUNDLE", "CURL_HOME",       "SSL_CERT_FILE",   "SSL_CERT_DIR",
      "OPENSSL_CONF",   "OPENSSL_MODULES", "OPENSSL_ENGINES", "HOSTALIASES"};
  const std::vector<const char*> kKept = {"KUBERNETES_SERVICE_HOST", "PROXY_NAME", "MY_NETRC"};
  for (const char* name : kRemoved) setenv(name, "x", 1);
  for (const char* name : kKept) setenv(name, "x", 1);
  ScrubEnvironment();
  for (const char* name : kRemoved) EXPECT_EQ(getenv(name), nullptr) << name;
  for (const char* name : kKept) {
    EXPECT_STREQ(getenv(name), "x") << name;
    unsetenv(name);
  }
}

// In processes of their own (ASSERT_EXIT), since none of this can be undone.
TEST(ForbidCoreDumps, Row44NoCoreFile) {
  EXPECT_EXIT(
      {
        const bool done = ForbidCoreDumps().ok();
        rlimit limit;
        getrlimit(RLIMIT_CORE, &limit);
        const bool none = limit.rlim_cur == 0 && limit.rlim_max == 0;
        _exit(done && none && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(InstallTerminateHandler, Row44TheExceptionsTextIsNotPrinted) {
  EXPECT_EXIT(
      {
        InstallTerminateHandler();
        // Nobody catches in a thread.
        std::thread([] { throw std::runtime_error("hunter2"); }).join();
      },
      testing::KilledBySignal(SIGABRT),
      testing::Matcher<const std::string&>(
          testing::AllOf(testing::HasSubstr("ended by an exception that nobody caught"),
                         testing::Not(testing::HasSubstr("hunter2")))));
}

TEST(RaiseFileLimit, ToTheHardLimit) {
  EXPECT_EXIT(
      {
        rlimit limit;
        getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = 64;
        setrlimit(RLIMIT_NOFILE, &limit);
        const bool done = RaiseFileLimit().ok();
        getrlimit(RLIMIT_NOFILE, &limit);
        _exit(done && limit.rlim_cur == limit.rlim_max ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(PrepareSecureHeap, IsThereWhetherItCanBeLockedOrNot) {
  for (const rlim_t lockable : {rlim_t{0}, RLIM_INFINITY}) {
    EXPECT_EXIT(
        {
          rlimit limit;
          getrlimit(RLIMIT_MEMLOCK, &limit);
          if (lockable == 0) limit.rlim_cur = limit.rlim_max = 0;
          setrlimit(RLIMIT_MEMLOCK, &limit);
          const absl::Status status = PrepareSecureHeap();
          const bool said = status.ok() || absl::IsFailedPrecondition(status);
          const Secret key = Secret::Copy("key", Secret::Place::kSecureHeap);
          _exit(said && key.place() == Secret::Place::kSecureHeap ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
  }
}

TEST(BlockSignals, ABrokenPipeDoesNotKill) {
  EXPECT_EXIT(
      {
        const bool done = BlockSignals().ok();
        raise(SIGPIPE);
        _exit(done ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(HardenProcess, DoesItAll) {
  EXPECT_EXIT(
      {
        setenv("http_proxy", "x", 1);
        const absl::Status hardened = HardenProcess();
        // Where nothing may be locked in memory, that is all that is left to complain of.
        const bool done = hardened.ok() || absl::IsFailedPrecondition(hardened);
        raise(SIGTERM);
        raise(SIGPIPE);
        _exit(done && getenv("http_proxy") == nullptr && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

class SignalWaiterTest : public testing::Test {
 protected:
  SignalWaiterTest() {
    pthread_sigmask(SIG_SETMASK, nullptr, &before_);
    EXPECT_TRUE(BlockSignals().ok());
  }
  ~SignalWaiterTest() override { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

TEST_F(SignalWaiterTest, HandsOverEachSignalInTurn) {
  absl::Mutex mutex;
  std::vector<int> got;
  SignalWaiter waiter([&](int signal) {
    absl::MutexLock lock(&mutex);
    got.push_back(signal);
  });
  size_t sent = 0;
  for (int signal : {SIGHUP, SIGTERM, SIGINT, SIGHUP}) {
    kill(getpid(), signal);
    ++sent;
    absl::MutexLock lock(&mutex);
    const auto arrived = [&] { return got.size() == sent; };
    ASSERT_TRUE(mutex.AwaitWithTimeout(absl::Condition(&arrived), absl::Seconds(30)));
  }
  absl::MutexLock lock(&mutex);
  EXPECT_THAT(got, ElementsAre(SIGHUP, SIGTERM, SIGINT, SIGHUP));
}

TEST_F(SignalWaiterTest, ASignalFromBeforeIsNotLost) {
  kill(getpid(), SIGTERM);
  absl::BlockingCounter arrived(1);
  SignalWaiter waiter([&](int signal) {
    if (signal == SIGTERM) arrived.DecrementCount();
  });
  arrived.Wait();
}

TEST_F(SignalWaiterTest, EndsWithoutASignal) {
  SignalWaiter waiter([](int) { ADD_FAILURE(); });
}

}  // namespace
}  // namespace credbroker
