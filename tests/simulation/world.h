#ifndef CREDBROKER_TESTS_SIMULATION_WORLD_H_
#define CREDBROKER_TESTS_SIMULATION_WORLD_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/ops/metrics.h"
#include "tests/simulation/answer_rules.h"
#include "tests/simulation/coverage.h"
#include "tests/simulation/draw.h"
#include "tests/simulation/exchange_rules.h"
#include "tests/simulation/failure_rules.h"
#include "tests/simulation/session_rules.h"
#include "tests/simulation/waiting_rules.h"

namespace credbroker::simulation {

// A SessionManager, its upstream, its callers and its clocks, driven through one schedule while the
// rules look on. For one run.
class World : public SimulatedUpstream::Observer, public Callers::Observer {
 public:
  // `metrics` is only counted in; it may be shared.
  World(const Schedule& schedule, Metrics& metrics, Coverage& coverage, Trace& trace);
  ~World() override;

  // Nothing if all held.
  std::optional<Violation> Run();
  // How many steps were taken.
  uint64_t steps() const { return steps_; }

 private:
  class SeededRandom;

  // actions.cc: what happens.
  void Perform(const Action& action);
  void PerformCall(const Action& action, size_t account);
  void PerformTime(const Action& action, size_t account);
  void PerformChange(const Action& action, size_t account);
  bool Describe(const Action& action, size_t account, Call& call) const;
  bool Peek(Call& call);
  void CancelOne(const Action& action, size_t account);
  std::optional<Instant> Edge(const Action& action, size_t account) const;
  void NoteCoverage(const Action& action, size_t account);

  // ending.cc: all faults end, and all must be well.
  void Finish();
  void Heal();
  void CheckServed(size_t account);
  Call& StartAndRun(Call call, absl::Duration patience);
  void LogOutAll();
  void CheckNothingLeft();
  void CheckAllDead();

  // world.cc: the steps.
  bool over() const { return ledger_->violation.has_value(); }
  bool AnyReady();
  void RunOne();
  void RunReady(size_t limit);
  void AdvanceTo(Instant end, size_t limit);
  void SuspendTo(Instant end);
  void AfterStep();

  void OnRequest(const Request& request) override;
  void OnAnswer(const Request& request) override;
  void OnToken(Call& call, const Session& session) override;
  void OnEnd(Call& call, const absl::Status& status, std::optional<RevokedReason> revoked,
             bool confirmed) override;
  void OnForgotten(Call& call) override;
  void OnAnsweredTwice(Call& call) override;

  const Schedule& schedule_;
  Coverage& coverage_;
  Trace& trace_;
  Dice order_;
  uint64_t steps_ = 0;
  bool closing_ = false;

  std::unique_ptr<SimulationLoop> loop_;
  Truth truth_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<SeededRandom> random_;
  std::unique_ptr<SimulatedUpstream> upstream_;
  std::vector<std::shared_ptr<const Tenant>> tenants_;
  SessionPolicy policy_;
  std::unique_ptr<SessionManager> manager_;
  std::unique_ptr<Callers> callers_;
  std::unique_ptr<ExchangeRules> exchange_rules_;
  std::unique_ptr<FailureRules> failure_rules_;
  std::unique_ptr<SessionRules> session_rules_;
  std::unique_ptr<AnswerRules> answer_rules_;
  std::unique_ptr<WaitingRules> waiting_rules_;
};

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_WORLD_H_
