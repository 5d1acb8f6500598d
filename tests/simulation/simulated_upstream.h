#ifndef CREDBROKER_TESTS_SIMULATION_SIMULATED_UPSTREAM_H_
#define CREDBROKER_TESTS_SIMULATION_SIMULATED_UPSTREAM_H_

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/upstream/upstream.h"
#include "tests/simulation/request.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/simulation_loop.h"
#include "tests/simulation/truth.h"

namespace credbroker::simulation {

// Upstream as its interface promises it, faults included: it holds Truth, and answers when it is
// driven to. Requests meet the faults that Truth has for their account.
class SimulatedUpstream : public Upstream {
 public:
  // Who watches. Called before a request is on its way, and before its answer is told.
  class Observer {
   public:
    virtual ~Observer() = default;
    virtual void OnRequest(const Request& request) = 0;
    virtual void OnAnswer(const Request& request) = 0;
  };

  SimulatedUpstream(SimulationLoop& loop, Truth& truth, const Schedule& schedule,
                    Observer& observer);

  void Login(const UpstreamAccount& account, std::shared_ptr<const Credential> credential,
             const Device& device, LoginDone done) override;
  void Refresh(const UpstreamAccount& account, const Secret& refresh_token,
               RefreshDone done) override;
  void Logout(const UpstreamAccount& account, const Secret& access_token, LogoutDone done) override;
  void HasCredentialChanged(const AccountKey& key, std::shared_ptr<const Credential> credential,
                            CredentialDone done) override;

  // When next a request takes effect or an answer arrives.
  std::optional<Instant> NextEvent() const;
  // Upstream does what is due: also while the broker stands still.
  void TakeEffect();

  // How many answers have arrived and wait for the loop. Answer tells the broker the `which`-th.
  size_t arrived() const;
  void Answer(size_t which);

  const std::vector<std::unique_ptr<Request>>& in_flight() const { return in_flight_; }

 private:
  Request& Send(RequestKind kind, const AccountKey& key);
  absl::Duration DrawLatency(const Request& request, uint64_t index);
  IssuedToken Issued(const Request& request) const;

  SimulationLoop& loop_;
  Truth& truth_;
  const Schedule& schedule_;
  Observer& observer_;
  int last_id_ = 0;
  std::array<std::array<uint64_t, kAccounts>, kRequestKinds> counts_{};
  std::vector<std::unique_ptr<Request>> in_flight_;
};

// The index of that account.
size_t AccountOf(const AccountKey& key);

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_SIMULATED_UPSTREAM_H_
