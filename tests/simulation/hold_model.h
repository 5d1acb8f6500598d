#ifndef CREDBROKER_TESTS_SIMULATION_HOLD_MODEL_H_
#define CREDBROKER_TESTS_SIMULATION_HOLD_MODEL_H_

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "absl/time/time.h"

#include "service/base/clock.h"
#include "service/model/failure.h"

namespace credbroker::simulation {

// When a password attempt is allowed, as faults.md row 6 and the contract have it; written anew, so
// that it does not share the mistakes of service/sessions/hold.cc.
class HoldModel {
 public:
  // `password`: which one is not to be presented again; empty: none was.
  void Reject(Instant now, Reason reason, std::string password) {
    until_ = now + LengthOf(++rejections_);
    reason_ = reason;
    if (!password.empty()) passwords_.insert(std::move(password));
    ++changes_;
  }
  void Clear() {
    const uint64_t changes = changes_;
    *this = HoldModel();
    changes_ = changes + 1;
  }

  bool IsActive(Instant now) const { return now < until_; }
  // `password` may be presented, without an operator's release.
  bool Allows(Instant now, const std::string& password, bool callers_own) const {
    if (!IsActive(now)) return true;
    if (passwords_.count(password) > 0) return false;
    return !callers_own || (reason_ == Reason::kCredentialRejected && passwords_.size() < 3);
  }

  Instant until() const { return until_; }
  Reason reason() const { return reason_; }
  // Grows with each change, so that what was asked before it can be told apart.
  uint64_t changes() const { return changes_; }

 private:
  // 5 min, doubling to 6 h.
  static absl::Duration LengthOf(int rejections) {
    absl::Duration length = absl::Minutes(5);
    for (int i = 1; i < rejections && length < absl::Hours(6); ++i) length *= 2;
    return length < absl::Hours(6) ? length : absl::Hours(6);
  }

  Instant until_ = Instant::InfinitePast();
  Reason reason_ = Reason::kCredentialRejected;
  int rejections_ = 0;
  // Of the rejections in a row.
  std::set<std::string> passwords_;
  uint64_t changes_ = 0;
};

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_HOLD_MODEL_H_
