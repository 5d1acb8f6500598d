#ifndef CREDBROKER_TESTS_BENCH_SHIPPED_SITE_H_
#define CREDBROKER_TESTS_BENCH_SHIPPED_SITE_H_

#include <memory>
#include <string>

#include "absl/time/time.h"

#include "tests/bench/child_process.h"

namespace credbroker {

// What there is to log in to.
struct SiteOptions {
  // t0, t1, … with a0, a1, … each.
  int tenants = 1;
  int accounts = 1;
  // LoginUpstream, which takes `latency` for every call and next to no CPU time, instead of
  // sandbox-upstream.
  bool light_upstream = false;
  absl::Duration latency;
};

// credbrokerd and an upstream as they are shipped, in processes of their own over loopback, with an
// empty memory: every account is cold. SCRAM-SHA-1 with 4096 iterations.
class ShippedSite {
 public:
  explicit ShippedSite(const SiteOptions& options);
  ~ShippedSite();
  ShippedSite(const ShippedSite&) = delete;
  ShippedSite& operator=(const ShippedSite&) = delete;

  const std::string& address() const { return address_; }
  pid_t broker() const { return broker_->pid(); }
  pid_t upstream() const { return upstream_->pid(); }

  // How often a call ("auth", "login") has come to sandbox-upstream.
  int UpstreamCalls(const std::string& call) const;

 private:
  void StartSandbox(const SiteOptions& options, const std::string& log);

  std::string folder_;
  std::unique_ptr<ChildProcess> upstream_;
  std::string upstream_address_;
  std::unique_ptr<ChildProcess> broker_;
  std::string address_;
};

// How one start of credbrokerd went.
struct ColdStart {
  // From before fork to its line `listening on`, and to /readyz saying 200.
  absl::Duration listening;
  absl::Duration ready;
  size_t resident_bytes = 0;
  int threads = 0;
};
ColdStart StartOnce();

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_SHIPPED_SITE_H_
