#ifndef CREDBROKER_TESTS_SIMULATION_CALLERS_H_
#define CREDBROKER_TESTS_SIMULATION_CALLERS_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/sessions/session_manager.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/simulation_loop.h"

namespace credbroker::simulation {

enum class CallKind { kGetToken, kLogin, kRefresh, kWatch, kLogout, kList, kMeasure };

// One call of the SessionManager, from its start on. Addresses stay.
struct Call {
  int id = 0;
  CallKind kind = CallKind::kGetToken;
  Act act = Act::kGetToken;
  size_t account = 0;
  CallOptions options;
  absl::Duration min_remaining;
  bool force_new = false;
  bool release_hold = false;
  // Empty: none. So are the others that do not belong to the kind.
  std::string password;
  std::optional<uint64_t> if_generation;

  CallId handle = 0;
  // Which posted task brings it to the loop, and whether that has run.
  uint64_t task = 0;
  bool begun = false;
  Instant begun_at;
  // The task that cancels it, if any.
  std::optional<uint64_t> cancel_task;
  bool ended = false;
  // A watch that has had its first token.
  bool watching = false;
  // What was current when it began, and the last that it was handed.
  uint64_t generation_before = 0;
  uint64_t last_generation = 0;
  // Logins that upstream saw because of it.
  int exchanges = 0;

  // A login that no running exchange need answer.
  bool wants_own_login() const { return force_new || release_hold || !password.empty(); }
};

// Those who call the SessionManager. They keep all calls, and tell the observer what becomes of
// them.
class Callers {
 public:
  class Observer {
   public:
    virtual ~Observer() = default;
    virtual void OnToken(Call& call, const Session& session) = 0;
    // `status`: of the call; OK for a watch that ends with `revoked`. `confirmed`: of a Logout.
    virtual void OnEnd(Call& call, const absl::Status& status, std::optional<RevokedReason> revoked,
                       bool confirmed) = 0;
    // Its callback is gone, and was never called.
    virtual void OnForgotten(Call& call) = 0;
    // Its callback was called once more than it should.
    virtual void OnAnsweredTwice(Call& call) = 0;
  };

  Callers(SessionManager& manager, SimulationLoop& loop,
          std::vector<std::shared_ptr<const Tenant>> tenants, Observer& observer);

  // Makes the call that `call` describes.
  Call& Start(Call call);
  void Cancel(Call& call);

  Target TargetOf(size_t account) const;

  // Those that have not ended, oldest first.
  const std::vector<Call*>& open() const { return open_; }
  // By id, from 1; null if there is none.
  Call* Find(int id);
  // The call whose task is about to run, if it is a call's.
  Call* NoteRun(uint64_t task);

 private:
  class Receipt;
  SessionManager::Done DoneOf(Call& call);
  void StartLogin(Call& call);
  void StartWatch(Call& call);
  void StartLogout(Call& call);
  absl::AnyInvocable<void()> QuestionDone(Call& call);
  void End(Call& call, const absl::Status& status,
           std::optional<RevokedReason> revoked = std::nullopt, bool confirmed = false);

  SessionManager& manager_;
  SimulationLoop& loop_;
  const std::vector<std::shared_ptr<const Tenant>> tenants_;
  Observer& observer_;
  std::deque<Call> calls_;
  std::vector<Call*> open_;
};

// What an operator's device list would show for a call's login.
std::string DeviceOf(const Call& call);
// The call's id in such a name; 0 if it is none.
int CallOfDevice(const std::string& device);

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_CALLERS_H_
