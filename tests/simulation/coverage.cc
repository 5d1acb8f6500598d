#include "tests/simulation/coverage.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace credbroker::simulation {
namespace {

absl::string_view StateAt(size_t state) { return StateName(static_cast<SessionState>(state)); }
absl::string_view ActAt(size_t act) { return NameOf(static_cast<Act>(act)); }
absl::string_view FaultAt(size_t fault) { return NameOf(static_cast<Fault>(fault)); }
absl::string_view KindAt(size_t kind) { return NameOf(static_cast<RequestKind>(kind)); }

// Whether the answer to such a request can come while the account is in that state: an exchange
// that was not discarded has a state of its own. Checks of a credential meet no faults but one.
bool CanCome(SessionState state, RequestKind kind) {
  switch (kind) {
    case RequestKind::kLogin:
      return state == SessionState::kAbsent || state == SessionState::kLoggingIn ||
             state == SessionState::kRenewing;
    case RequestKind::kRefresh:
    case RequestKind::kLogout:
      return true;
    case RequestKind::kCheck:
      return false;
  }
  return false;
}

std::string Header(absl::string_view what) {
  std::string line = absl::StrFormat("%-12s %-16s", "state", what);
  for (size_t fault = 0; fault < kFaults; ++fault) {
    absl::StrAppendFormat(&line, " %11s", FaultAt(fault));
  }
  return line + "\n";
}

std::string Row(size_t state, absl::string_view name, const std::array<uint64_t, kFaults>& counts) {
  std::string line = absl::StrFormat("%-12s %-16s", StateAt(state), name);
  for (const uint64_t count : counts) absl::StrAppendFormat(&line, " %11d", count);
  return line + "\n";
}

}  // namespace

absl::string_view NameOf(Landmark landmark) {
  constexpr std::array<absl::string_view, kLandmarks> kNames = {
      "superseded session",
      "login done after a logout",
      "refresh done after a logout",
      "token ended on its way",
      "login because of a dead refresh token",
      "attempt released by an operator",
      "other password during a hold",
      "hold released by a changed credential",
      "refresh in order to log out",
      "lost revocation",
      "session dropped as forbidden",
      "evicted session",
      "forgotten account",
      "failure shared by callers",
      "token shared by callers",
      "confirmed logout",
      "refused for want of room",
      "as many requests as allowed",
      "idle session left to end",
  };
  return kNames[static_cast<size_t>(landmark)];
}

std::string Coverage::Table() const {
  std::string table = Header("event");
  for (size_t state = 0; state < kStates; ++state) {
    for (size_t act = 0; act < kActs; ++act) table += Row(state, ActAt(act), acts_[state][act]);
  }
  table += "\n" + Header("answer");
  for (size_t state = 0; state < kStates; ++state) {
    for (size_t kind = 0; kind < kRequestKinds; ++kind) {
      table += Row(state, KindAt(kind), answers_[state][kind]);
    }
  }
  table += "\n";
  for (size_t landmark = 0; landmark < kLandmarks; ++landmark) {
    absl::StrAppendFormat(&table, "%-40s %11d\n", NameOf(static_cast<Landmark>(landmark)),
                          landmarks_[landmark]);
  }
  return table;
}

std::vector<std::string> Coverage::Missing() const {
  std::vector<std::string> missing;
  for (size_t landmark = 0; landmark < kLandmarks; ++landmark) {
    if (landmarks_[landmark] == 0) {
      missing.emplace_back(NameOf(static_cast<Landmark>(landmark)));
    }
  }
  for (size_t state = 0; state < kStates; ++state) {
    for (size_t fault = 0; fault < kFaults; ++fault) {
      for (size_t act = 0; act < kActs; ++act) {
        if (acts_[state][act][fault] == 0) {
          missing.push_back(absl::StrCat(StateAt(state), " x ", ActAt(act), " x ", FaultAt(fault)));
        }
      }
      for (size_t kind = 0; kind < kRequestKinds; ++kind) {
        if (CanCome(static_cast<SessionState>(state), static_cast<RequestKind>(kind)) &&
            answers_[state][kind][fault] == 0) {
          missing.push_back(
              absl::StrCat(StateAt(state), " x answer to ", KindAt(kind), " x ", FaultAt(fault)));
        }
      }
    }
  }
  return missing;
}

}  // namespace credbroker::simulation
