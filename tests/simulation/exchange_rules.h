#ifndef CREDBROKER_TESTS_SIMULATION_EXCHANGE_RULES_H_
#define CREDBROKER_TESTS_SIMULATION_EXCHANGE_RULES_H_

#include <map>

#include "tests/simulation/ledger.h"

namespace credbroker::simulation {

// What must hold between the broker and upstream: one exchange per account, dead refresh tokens,
// holds, pauses, limits.
class ExchangeRules {
 public:
  ExchangeRules(Ledger& ledger, const std::vector<std::unique_ptr<Request>>& in_flight)
      : ledger_(ledger), in_flight_(in_flight) {}

  // `caller`: whose login it is, by its device; null: nobody's.
  void OnRequest(const Request& request, Call* caller);
  void OnAnswer(const Request& request, const Call* caller);
  void AfterStep();

 private:
  void CheckLogin(const Request& request, Call* caller);
  void CheckDevice(const Request& request);
  void CheckRefresh(const Request& request);
  void CheckLogout(const Request& request);
  void BeginExchange(const Request& request);
  void NoteHold(const Request& request, bool exchange);

  Ledger& ledger_;
  const std::vector<std::unique_ptr<Request>>& in_flight_;
  // By the id of a check of a credential: the hold at that time.
  std::map<int, uint64_t> hold_at_check_;
};

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_EXCHANGE_RULES_H_
