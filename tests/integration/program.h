#ifndef CREDBROKER_TESTS_INTEGRATION_PROGRAM_H_
#define CREDBROKER_TESTS_INTEGRATION_PROGRAM_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace credbroker {

// How long a test waits for what must happen; only a failing test waits that long.
inline constexpr absl::Duration kPatience = absl::Seconds(30);

// How a process has ended.
struct Exit {
  // -1 if a signal ended it.
  int code = -1;
  // 0 if it exited.
  int signal = 0;
  bool dumped_core = false;
};

// A running program, and all that it writes. Thread-safe.
class Program {
 public:
  struct Options {
    // The program's file, then its arguments.
    std::vector<std::string> argv = {};
    // NAME=VALUE, on top of this process's environment.
    std::vector<std::string> environment = {};
    std::string working_directory = {};
    std::string standard_input = {};
    // Started as this user instead of the present one, which must be root.
    std::optional<uid_t> user = {};
    // The limits of the shell that starts it.
    bool core_files_allowed = false;
  };

  explicit Program(const Options& options);
  // Kills it if it still runs.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal);

  // What it has written so far.
  std::string out() const;
  std::string err() const;

  // The rest of the line of stdout that is the `count`-th (from 1) to begin with `prefix`. Fails
  // the test and returns "" if it does not come, or the program ends before.
  std::string WaitForLine(const std::string& prefix, int count = 1);

  // Whether `text` comes to stand in what it writes to stderr, before it ends. Waits.
  bool WaitForError(const std::string& text);

  // How it ended. Fails the test, and kills it, if that takes longer.
  Exit WaitForExit(absl::Duration patience = kPatience);
  bool running() const;

 private:
  void Read();
  void Reap();

  pid_t pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  mutable absl::Mutex mutex_;
  std::string out_ ABSL_GUARDED_BY(mutex_);
  std::string err_ ABSL_GUARDED_BY(mutex_);
  std::optional<Exit> exit_ ABSL_GUARDED_BY(mutex_);
  std::thread reader_;
};

// What a program that ends by itself has done.
struct Outcome {
  int exit_code = -1;
  std::string out;
  std::string err;
};
Outcome RunProgram(const Program::Options& options);

// Whether the condition comes true, asked for again and again. For what another process does and
// cannot announce.
bool Eventually(absl::FunctionRef<bool()> condition, absl::Duration patience = kPatience);

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_INTEGRATION_PROGRAM_H_
