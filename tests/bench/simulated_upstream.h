#ifndef CREDBROKER_TESTS_BENCH_SIMULATED_UPSTREAM_H_
#define CREDBROKER_TESTS_BENCH_SIMULATED_UPSTREAM_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/time/time.h"

#include "service/base/loop.h"
#include "service/upstream/upstream.h"

namespace credbroker {

// An upstream in this process that always says yes, after a while, and remembers nothing but
// counts: what is measured over it is the broker. Lives on the loop.
class SimulatedUpstream : public Upstream {
 public:
  struct Options {
    absl::Duration latency;
    absl::Duration lifetime = absl::Minutes(5);
    // Of an access token: as large as a JWT with a few claims and an RSA signature.
    size_t token_bytes = 900;
    size_t refresh_token_bytes = 64;
  };
  SimulatedUpstream(Loop& loop, Options options) : loop_(loop), options_(options) {}

  void Login(const UpstreamAccount& account, std::shared_ptr<const Credential> credential,
             const Device& device, LoginDone done) override;
  void Refresh(const UpstreamAccount& account, const Secret& refresh_token,
               RefreshDone done) override;
  void Logout(const UpstreamAccount& account, const Secret& access_token, LogoutDone done) override;
  void HasCredentialChanged(const AccountKey& key, std::shared_ptr<const Credential> credential,
                            CredentialDone done) override;

  // Thread-safe.
  uint64_t logins() const { return logins_; }
  uint64_t refreshes() const { return refreshes_; }
  // How many refreshes came in each second of the steady clock.
  const std::map<int64_t, int>& refreshes_by_second() const { return by_second_; }
  void ForgetSeconds() { by_second_.clear(); }

 private:
  IssuedToken MakeToken();
  void Later(Loop::Task answer);

  Loop& loop_;
  const Options options_;
  std::atomic<uint64_t> logins_ = 0;
  std::atomic<uint64_t> refreshes_ = 0;
  uint64_t tokens_ = 0;
  std::map<int64_t, int> by_second_;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_SIMULATED_UPSTREAM_H_
