#ifndef CREDBROKER_TESTS_SANDBOX_FAULTS_H_
#define CREDBROKER_TESTS_SANDBOX_FAULTS_H_

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace credbroker::sandbox {

enum class Call { kAuth, kLogin, kSession, kLogout };
inline constexpr std::array<absl::string_view, 4> kCallNames = {"auth", "login", "session",
                                                                "logout"};

// One fault, as README.md describes its members. Strings are empty where the member is absent.
struct Fault {
  std::optional<int64_t> times;
  std::string account;
  absl::Duration latency;
  std::optional<int> status;
  std::string retry_after;
  std::string redirect;
  std::string nonce;
  std::string salt;
  std::optional<nlohmann::json> iteration_count;
  std::optional<double> expires_in;
  std::string signature;
  std::string token_header;
  std::string token;
  std::string body;
  std::string connection;
  absl::Duration drip = absl::Seconds(1);
  bool date_missing = false;
  absl::Duration date_offset;

  // Whether the call is answered without being processed.
  bool Unprocessed() const {
    return status.has_value() || !redirect.empty() || connection == "close-unprocessed";
  }
};

// INVALID_ARGUMENT names the member that is not understood.
absl::StatusOr<Fault> ParseFault(const nlohmann::json& json);

// The faults that are armed. Thread-safe.
class Faults {
 public:
  // Replaces all by what the body of PUT /_sandbox/faults says; returns how many. On an error
  // (INVALID_ARGUMENT) the old ones stay.
  absl::StatusOr<size_t> Replace(const nlohmann::json& json);
  void Clear();

  // The fault that this call takes, if any; `times` counts down.
  std::optional<Fault> Take(Call call, absl::string_view account);

  nlohmann::json ToJson() const;

 private:
  struct Armed {
    Fault fault;
    nlohmann::json json;
  };
  using List = std::vector<Armed>;

  static absl::StatusOr<List> ParseList(const nlohmann::json& json);
  static std::optional<Fault> TakeFrom(List& list, absl::string_view account);

  mutable absl::Mutex mutex_;
  // One list a call, and the last for all.
  std::array<List, kCallNames.size() + 1> lists_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_FAULTS_H_
