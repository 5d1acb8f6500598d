#include "service/main/process.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

#include "service/base/secure_heap.h"

namespace credbroker {
namespace {

// Half of it is ours: the keys of some thousand accounts, and the passwords in use.
constexpr size_t kSecureHeapBytes = size_t{2} << 20;

// Whether a variable is removed; `name` in upper case, since curl and gRPC read some in lower case.
bool IsScrubbed(absl::string_view name) {
  // http_proxy, https_proxy, all_proxy, no_proxy, grpc_proxy, no_grpc_proxy, ftp_proxy, …
  if (absl::EndsWith(name, "_PROXY")) return true;
  // GRPC_TRACE and GRPC_VERBOSITY write messages with tokens; GRPC_DEFAULT_SSL_ROOTS_FILE_PATH
  // changes whom we trust. CURL_CA_BUNDLE and CURL_HOME (a .netrc) likewise.
  if (absl::StartsWith(name, "GRPC_") || absl::StartsWith(name, "CURL_")) return true;
  for (absl::string_view exact : {
           "NETRC",
           "SSLKEYLOGFILE",
           // "The system's roots" are the system's.
           "SSL_CERT_FILE",
           "SSL_CERT_DIR",
           // They load code and change what TLS accepts. The system's own /etc/ssl/openssl.cnf,
           // where a policy such as FIPS belongs, is still read.
           "OPENSSL_CONF",
           "OPENSSL_MODULES",
           "OPENSSL_ENGINES",
           // Lets the environment send a host name elsewhere.
           "HOSTALIASES",
       }) {
    if (name == exact) return true;
  }
  return false;
}

sigset_t HandledSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  return signals;
}

[[noreturn]] void Terminate() {
  constexpr char kLine[] = "credbroker: ended by an exception that nobody caught\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kLine, sizeof(kLine) - 1);
  std::abort();
}

int NewSignalFd() {
  const sigset_t signals = HandledSignals();
  return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

void ScrubEnvironment() {
  // First the names: removing moves the array.
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const absl::string_view variable = *entry;
    const absl::string_view name = variable.substr(0, variable.find('='));
    if (IsScrubbed(absl::AsciiStrToUpper(name))) names.emplace_back(name);
  }
  for (const std::string& name : names) unsetenv(name.c_str());
}

absl::Status ForbidCoreDumps() {
  // The limit alone does not stop a core_pattern that is a pipe; the flag does.
  const rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return absl::ErrnoToStatus(errno, "RLIMIT_CORE");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return absl::ErrnoToStatus(errno, "PR_SET_DUMPABLE");
  return absl::OkStatus();
}

absl::Status RaiseFileLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return absl::ErrnoToStatus(errno, "RLIMIT_NOFILE");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return absl::ErrnoToStatus(errno, "RLIMIT_NOFILE");
  return absl::OkStatus();
}

absl::Status PrepareSecureHeap() {
  rlimit limit;
  if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_MEMLOCK, &limit);
  }
  switch (ReserveSecureHeap(kSecureHeapBytes)) {
    case SecureHeapState::kLocked:
      return absl::OkStatus();
    case SecureHeapState::kNotLocked:
      return absl::FailedPreconditionError(
          "keys and passwords cannot be locked in memory and may be swapped out: raise "
          "RLIMIT_MEMLOCK to 2 MiB, or do without swap");
    case SecureHeapState::kMissing:
      break;
  }
  return absl::ResourceExhaustedError("there is no secure heap; keys are on the ordinary one");
}

absl::Status BlockSignals() {
  if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) return absl::ErrnoToStatus(errno, "SIGPIPE");
  const sigset_t signals = HandledSignals();
  const int error = pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return error == 0 ? absl::OkStatus() : absl::ErrnoToStatus(error, "pthread_sigmask");
}

void InstallTerminateHandler() { std::set_terminate(Terminate); }

void StopLookingForDeadlocks() {
#ifdef NDEBUG
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
}

absl::Status HardenProcess() {
  ScrubEnvironment();
  StopLookingForDeadlocks();
  InstallTerminateHandler();
  absl::Status first = ForbidCoreDumps();
  first.Update(BlockSignals());
  first.Update(RaiseFileLimit());
  first.Update(PrepareSecureHeap());
  return first;
}

SignalWaiter::SignalWaiter(Handler handler)
    : handler_(std::move(handler)),
      signal_fd_(NewSignalFd()),
      stop_fd_(eventfd(0, EFD_CLOEXEC)),
      thread_([this] { Run(); }) {}

SignalWaiter::~SignalWaiter() {
  const uint64_t one = 1;
  while (write(stop_fd_, &one, sizeof(one)) < 0 && errno == EINTR) {
  }
  thread_.join();
  close(signal_fd_);
  close(stop_fd_);
}

void SignalWaiter::Run() {
  pollfd ready[] = {{signal_fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  for (;;) {
    if (poll(ready, 2, -1) < 0 && errno != EINTR) return;
    if ((ready[1].revents & POLLIN) != 0) return;
    signalfd_siginfo received;
    // Not blocking: another waiter may have been quicker.
    if (read(signal_fd_, &received, sizeof(received)) == sizeof(received)) {
      handler_(static_cast<int>(received.ssi_signo));
    }
  }
}

}  // namespace credbroker
