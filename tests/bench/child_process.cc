#include "tests/bench/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/strings/match.h"

#include "service/base/niceness.h"

namespace credbroker {
namespace {

constexpr int kCannotStart = 127;
constexpr int kNicest = 19;

[[noreturn]] void Die(const std::string& why) {
  fprintf(stderr, "bench: %s\n", why.c_str());
  std::abort();
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> argv, const std::string& log, bool nice) {
  std::vector<char*> pointers;
  for (std::string& argument : argv) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) Die("no pipe");
  const int err = log.empty() ? dup(STDERR_FILENO)
                              : open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (nice) BeNice(kNicest);
    // In a pod, a loopback caller is nobody; these brokers are the benchmark's own.
    unsetenv("KUBERNETES_SERVICE_HOST");
    if (getppid() == parent && dup2(in[0], STDIN_FILENO) >= 0 && dup2(out[1], STDOUT_FILENO) >= 0 &&
        dup2(err, STDERR_FILENO) >= 0) {
      execv(pointers[0], pointers.data());
    }
    _exit(kCannotStart);
  }
  if (pid_ < 0) Die("cannot fork");
  close(in[0]);
  close(out[1]);
  close(err);
  to_ = fdopen(in[1], "w");
  from_ = fdopen(out[0], "r");
}

ChildProcess::~ChildProcess() {
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  fclose(to_);
  fclose(from_);
}

std::string ChildProcess::ReadLine() {
  char* line = nullptr;
  size_t capacity = 0;
  const ssize_t size = getline(&line, &capacity, from_);
  if (size <= 0) Die("a child process has ended");
  std::string text(line, static_cast<size_t>(size) - 1);
  free(line);
  return text;
}

std::string ChildProcess::Expect(const std::string& prefix) {
  const std::string line = ReadLine();
  if (!absl::StartsWith(line, prefix)) Die("not \"" + prefix + "\" but \"" + line + "\"");
  return line.substr(prefix.size());
}

std::string ChildProcess::Ask(const std::string& question) {
  fputs((question + "\n").c_str(), to_);
  fflush(to_);
  return ReadLine();
}

std::vector<std::string> RoleCommand(const std::string& role,
                                     const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"/proc/self/exe", "--role", role};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace credbroker
