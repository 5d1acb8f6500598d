#ifndef CREDBROKER_TESTS_SANDBOX_STATS_H_
#define CREDBROKER_TESTS_SANDBOX_STATS_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "tests/sandbox/faults.h"

namespace credbroker::sandbox {

// Counts of connections and calls, named as in README.md. Thread-safe.
class Stats {
 public:
  void ConnectionOpened();
  void ConnectionClosed();
  void TlsFailed();

  // A call has been read. `email` is empty unless it is an account's. Each Begin needs an End.
  void Begin(Call call, const std::string& email, const std::string& platform);
  // Before the answer is sent, so that who has it finds it counted. status 0: the answer is lost.
  void End(Call call, const std::string& email, int status, bool faulted);

  // Adds {"connections", ..., "calls", "platforms"}, and each account's "calls" and
  // "max_concurrent", to what is in `json`.
  void AddTo(nlohmann::json& json) const;
  // Open connections and calls that are under way stay counted.
  void Reset();

 private:
  struct CallCounts {
    int64_t total = 0, lost = 0, faulted = 0;
    std::map<int, int64_t> by_status;
  };
  struct AccountCounts {
    std::array<int64_t, kCallNames.size()> calls = {};
    int64_t concurrent = 0, max_concurrent = 0;
  };

  mutable absl::Mutex mutex_;
  int64_t connections_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t connections_open_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t tls_failures_ ABSL_GUARDED_BY(mutex_) = 0;
  std::array<CallCounts, kCallNames.size()> calls_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int64_t> platforms_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, AccountCounts> accounts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_STATS_H_
