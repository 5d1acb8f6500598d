#ifndef CREDBROKER_TESTS_SIMULATION_COVERAGE_H_
#define CREDBROKER_TESTS_SIMULATION_COVERAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "service/sessions/session_manager.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/simulated_upstream.h"

namespace credbroker::simulation {

// What a schedule may get to, so that the rules about it have something to say.
enum class Landmark {
  kSuperseded,      // A forced login replaced a session.
  kDiscardedLogin,  // A login that succeeded after its account was logged out.
  kDiscardedRefresh,
  kLateToken,  // It had ended when it arrived.
  kLoginAfterDead,
  kReleasedAttempt,    // A password attempt in spite of a hold.
  kOtherPassword,      // A caller's other password during a hold.
  kHoldReleased,       // Because the credential had changed.
  kRefreshedToLogOut,  // The access token had ended first.
  kRevocationLost,
  kDropped,  // Upstream forbade a refresh.
  kEvicted,
  kForgotten,      // A caller's own account that nobody needs.
  kSharedFailure,  // More than one caller got it.
  kSharedToken,
  kConfirmedLogout,
  kOverloaded,
  kLimitReached,  // As many requests at once as the policy allows.
  kIdle,          // A token that ended because nobody asked any more.
};
inline constexpr size_t kLandmarks = 19;
absl::string_view NameOf(Landmark landmark);

// What the schedules have reached: each act in each state of an account under each fault, and each
// answer of upstream.
class Coverage {
 public:
  static constexpr size_t kStates = 6;

  // The account that `act` meets was in that state, and upstream had that fault for it.
  void NoteAct(SessionState state, Act act, Fault fault) {
    ++acts_[static_cast<size_t>(state)][static_cast<size_t>(act)][static_cast<size_t>(fault)];
  }
  // A request that met the fault was answered while the account was in that state.
  void NoteAnswer(SessionState state, RequestKind kind, Fault fault) {
    ++answers_[static_cast<size_t>(state)][static_cast<size_t>(kind)][static_cast<size_t>(fault)];
  }

  void Note(Landmark landmark) { ++landmarks_[static_cast<size_t>(landmark)]; }

  // Tables, for people.
  std::string Table() const;
  // The cells that should have been reached and were not, by name.
  std::vector<std::string> Missing() const;

 private:
  using ByFault = std::array<uint64_t, kFaults>;
  std::array<std::array<ByFault, kActs>, kStates> acts_{};
  std::array<std::array<ByFault, kRequestKinds>, kStates> answers_{};
  std::array<uint64_t, kLandmarks> landmarks_{};
};

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_COVERAGE_H_
