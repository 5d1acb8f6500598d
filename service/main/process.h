#ifndef CREDBROKER_SERVICE_MAIN_PROCESS_H_
#define CREDBROKER_SERVICE_MAIN_PROCESS_H_

#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"

namespace credbroker {

// What a process that keeps secrets settles before anything else. Each function is for the first
// lines of main, while there is one thread; HardenProcess calls them all.

// Removes the variables by which the environment would steer the libraries behind the
// configuration's back: through a proxy (*_proxy), with other passwords (NETRC), with other trusted
// roots (SSL_CERT_FILE, CURL_CA_BUNDLE, …), or into writing down keys and messages (SSLKEYLOGFILE,
// GRPC_*). See process.cc for the list. Others stay, KUBERNETES_SERVICE_HOST among them.
void ScrubEnvironment();

// No core file, and no ptrace or reading of /proc/PID/mem by other processes of the same user.
absl::Status ForbidCoreDumps();

// As many open files as the hard limit allows.
absl::Status RaiseFileLimit();

// A secure heap (base/secure_heap.h) for keys and passwords. FAILED_PRECONDITION if the system
// refuses to lock it in memory; it is there and used all the same.
absl::Status PrepareSecureHeap();

// Blocks SIGTERM, SIGINT and SIGHUP in this thread and those that it starts, so that only a
// SignalWaiter gets them. Ignores SIGPIPE.
absl::Status BlockSignals();

// Makes std::terminate write one constant line to stderr and abort. The default would print the
// text of the exception, which may quote a secret.
void InstallTerminateHandler();

// Debian builds abseil so that every Mutex, gRPC's included, keeps a graph of all lock orders, and
// aborts on a cycle: a tool for debugging that takes a twentieth of a hit's CPU time. Release
// builds do without.
void StopLookingForDeadlocks();

// All of the above. Goes on after a failure; returns the first.
absl::Status HardenProcess();

// Hands each SIGTERM, SIGINT and SIGHUP to a function, on a thread of its own, where anything may
// be done. Signals that came since BlockSignals are not lost.
class SignalWaiter {
 public:
  using Handler = absl::AnyInvocable<void(int signal)>;

  // After BlockSignals. Calls `handler` for one signal after the other.
  explicit SignalWaiter(Handler handler);
  // Waits for a call of the handler to end; then there are no more. Not from the handler.
  ~SignalWaiter();

  SignalWaiter(const SignalWaiter&) = delete;
  SignalWaiter& operator=(const SignalWaiter&) = delete;

 private:
  void Run();

  Handler handler_;
  const int signal_fd_;
  const int stop_fd_;
  std::thread thread_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_PROCESS_H_
