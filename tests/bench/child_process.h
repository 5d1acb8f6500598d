#ifndef CREDBROKER_TESTS_BENCH_CHILD_PROCESS_H_
#define CREDBROKER_TESTS_BENCH_CHILD_PROCESS_H_

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <vector>

namespace credbroker {

// Another program, spoken to over its stdin and stdout, a line at a time. Dies with this process,
// which aborts if the child does not behave: a benchmark without its server has nothing to say.
class ChildProcess {
 public:
  // Its file, then its arguments. Its stderr goes to `log` if that is not empty. With `nice` it
  // leaves the cores to all others: it stands for machines that are not there.
  explicit ChildProcess(std::vector<std::string> argv, const std::string& log = "",
                        bool nice = false);
  // Kills it and waits until it is gone.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }

  // Its next line.
  std::string ReadLine();
  // The rest of its next line, which begins with `prefix`.
  std::string Expect(const std::string& prefix);
  // Sends a line and reads one.
  std::string Ask(const std::string& question);

 private:
  pid_t pid_ = -1;
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
};

// This program in another role, see roles.h.
std::vector<std::string> RoleCommand(const std::string& role,
                                     const std::vector<std::string>& arguments);

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_CHILD_PROCESS_H_
