#ifndef CREDBROKER_TESTS_SIMULATION_TRACE_H_
#define CREDBROKER_TESTS_SIMULATION_TRACE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace credbroker::simulation {

// What happened, line by line with the time since the start. Costs nothing while it is off, apart
// from the digest, which tells two runs apart.
class Trace {
 public:
  explicit Trace(bool on) : on_(on) {}

  // The time of the lines that follow.
  void set_time(absl::Duration since_start) { time_ = since_start; }

  void Note(absl::FunctionRef<std::string()> line) {
    if (on_) Write(line());
  }
  // Mixes `event` into the digest.
  void Mark(uint64_t event) { digest_ = (digest_ ^ event) * 0x100000001B3u; }

  // Each line goes to stderr at once, so that it survives a crash.
  void set_aloud(bool aloud) { aloud_ = aloud; }

  bool on() const { return on_; }
  uint64_t digest() const { return digest_; }
  const std::vector<std::string>& lines() const { return lines_; }

  // From now on `trace` takes the log of the code under simulation; null: nobody.
  static void TakeLog(Trace* trace);

 private:
  void Write(absl::string_view line);

  const bool on_;
  bool aloud_ = false;
  absl::Duration time_;
  uint64_t digest_ = 0xCBF29CE484222325u;
  std::vector<std::string> lines_;
};

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_TRACE_H_
