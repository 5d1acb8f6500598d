#include "tests/integration/program.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

constexpr int kCannotStart = 127;
constexpr absl::Duration kPollPause = absl::Milliseconds(5);

// Null-terminated, as exec wants it.
std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Environment(const std::vector<std::string>& added) {
  std::vector<std::string> all = added;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string name = std::string(*entry).substr(0, absl::string_view(*entry).find('='));
    // In a pod a loopback caller is nobody; these brokers are the test's own.
    bool skip = name == "KUBERNETES_SERVICE_HOST";
    for (const std::string& text : added) skip = skip || absl::StartsWith(text, name + "=");
    if (!skip) all.emplace_back(*entry);
  }
  return all;
}

// A file that holds `text`, at its beginning.
int FileWith(const std::string& text) {
  char name[] = "/tmp/credbroker-stdin-XXXXXX";
  const int fd = mkostemp(name, O_CLOEXEC);
  if (fd < 0) return -1;
  unlink(name);
  if (write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return -1;
  lseek(fd, 0, SEEK_SET);
  return fd;
}

// In the child, between fork and exec: async-signal-safe calls only.
bool Become(const Program::Options& options, int in, int out, int err) {
  if (options.core_files_allowed) {
    rlimit limit;
    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_CORE, &limit);
  }
  if (options.user &&
      (setgroups(0, nullptr) != 0 || setgid(*options.user) != 0 || setuid(*options.user) != 0)) {
    return false;
  }
  // No test leaves a program behind, however it ends. After setuid, which resets it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  return (options.working_directory.empty() || chdir(options.working_directory.c_str()) == 0) &&
         dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
         dup2(err, STDERR_FILENO) >= 0;
}

}  // namespace

Program::Program(const Options& options) {
  std::vector<std::string> arguments = options.argv;
  std::vector<std::string> environment = Environment(options.environment);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  // Opened by this user: another one may not be able to walk to it.
  const int file = open(argv[0], O_RDONLY | O_CLOEXEC);
  const int in = options.standard_input.empty() ? open("/dev/null", O_RDONLY | O_CLOEXEC)
                                                : FileWith(options.standard_input);
  int out[2], err[2];
  EXPECT_TRUE(file >= 0 && in >= 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0)
      << argv[0];
  pid_ = fork();
  if (pid_ == 0) {
    if (Become(options, in, out[1], err[1])) fexecve(file, argv.data(), envp.data());
    _exit(kCannotStart);
  }
  EXPECT_GT(pid_, 0);
  for (const int fd : {file, in, out[1], err[1]}) close(fd);
  out_fd_ = out[0];
  err_fd_ = err[0];
  reader_ = std::thread([this] {
    Read();
    Reap();
  });
}

Program::~Program() {
  Signal(SIGKILL);
  reader_.join();
  close(out_fd_);
  close(err_fd_);
}

void Program::Read() {
  pollfd ready[] = {{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}};
  while (ready[0].fd >= 0 || ready[1].fd >= 0) {
    if (poll(ready, 2, -1) < 0) continue;
    for (pollfd& stream : ready) {
      if (stream.fd < 0 || stream.revents == 0) continue;
      char block[65536];
      const ssize_t size = read(stream.fd, block, sizeof(block));
      if (size > 0) {
        absl::MutexLock lock(&mutex_);
        (stream.fd == out_fd_ ? out_ : err_).append(block, static_cast<size_t>(size));
      } else if (size == 0 || errno != EINTR) {
        stream.fd = -1;
      }
    }
  }
}

void Program::Reap() {
  siginfo_t ended;
  while (waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  // Under the lock, so that nobody signals a process that has taken over the number.
  absl::MutexLock lock(&mutex_);
  int status = 0;
  waitpid(pid_, &status, 0);
  Exit exit;
  if (WIFEXITED(status)) exit.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) exit.signal = WTERMSIG(status);
  exit.dumped_core = WIFSIGNALED(status) && WCOREDUMP(status);
  exit_ = exit;
}

void Program::Signal(int signal) {
  absl::MutexLock lock(&mutex_);
  if (!exit_.has_value()) kill(pid_, signal);
}

std::string Program::out() const {
  absl::MutexLock lock(&mutex_);
  return out_;
}

std::string Program::err() const {
  absl::MutexLock lock(&mutex_);
  return err_;
}

bool Program::running() const {
  absl::MutexLock lock(&mutex_);
  return !exit_.has_value();
}

std::string Program::WaitForLine(const std::string& prefix, int count) {
  std::optional<std::string> rest;
  const auto find = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    int found = 0;
    size_t begin = 0;
    for (size_t end; (end = out_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const absl::string_view line(out_.data() + begin, end - begin);
      if (!absl::StartsWith(line, prefix) || ++found < count) continue;
      rest = std::string(line.substr(prefix.size()));
      return true;
    }
    return exit_.has_value();
  };
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&find), kPatience);
  EXPECT_TRUE(rest.has_value()) << "no line " << count << " with \"" << prefix << "\"; stdout:\n"
                                << out_ << "stderr:\n"
                                << err_;
  return rest.value_or("");
}

bool Program::WaitForError(const std::string& text) {
  const auto there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return exit_.has_value() || absl::StrContains(err_, text);
  };
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&there), kPatience);
  return absl::StrContains(err_, text);
}

Exit Program::WaitForExit(absl::Duration patience) {
  absl::MutexLock lock(&mutex_);
  const auto ended = [&] { return exit_.has_value(); };
  if (!mutex_.AwaitWithTimeout(absl::Condition(&ended), patience)) {
    ADD_FAILURE() << "still running; stdout:\n" << out_ << "stderr:\n" << err_;
    kill(pid_, SIGKILL);
    mutex_.Await(absl::Condition(&ended));
  }
  return *exit_;
}

Outcome RunProgram(const Program::Options& options) {
  Program program(options);
  const Exit exit = program.WaitForExit();
  return {exit.code, program.out(), program.err()};
}

bool Eventually(absl::FunctionRef<bool()> condition, absl::Duration patience) {
  const absl::Time end = absl::Now() + patience;
  absl::Mutex mutex;
  absl::MutexLock lock(&mutex);
  bool never = false;
  while (!condition()) {
    if (absl::Now() >= end) return false;
    mutex.AwaitWithTimeout(absl::Condition(&never), kPollPause);
  }
  return true;
}

}  // namespace credbroker
