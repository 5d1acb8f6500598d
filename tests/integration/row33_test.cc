// Row 33: certificates, keys and authorities are replaced under a broker that is being called.

#include <array>
#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

#include "tests/integration/certified_deployment.h"
#include "tests/ops/exposition.h"

namespace credbroker {
namespace {

class Row33 : public testing::Test {
 protected:
  Row33() : own_(Issue(deployment_.callers())) {
    clients_.emplace_back([this] { CallOnOneConnection(rounds_[0]); });
    clients_.emplace_back([this] { CallOnNewConnections(rounds_[1]); });
  }
  ~Row33() override {
    stop_ = true;
    for (std::thread& client : clients_) client.join();
    EXPECT_EQ(failed_, 0);
  }

  static CertifiedKey Issue(const CertificateAuthority& authority) {
    return authority.Issue({.alternative_names = {absl::StrCat("URI:", kExporter)}});
  }

  double Metric(const char* name) const {
    const Exposition page(deployment_.running().Get("/metrics").body);
    return page.Value(name, {{"source", "tls"}}).value_or(-1);
  }
  // Has the broker look, and waits until it has taken up what is there.
  void AwaitTaken() {
    deployment_.running().broker().Signal(SIGHUP);
    ++generation_;
    ASSERT_TRUE(
        Eventually([this] { return Metric("credbroker_config_generation") >= generation_; }));
  }
  // Until each client has begun and ended a call.
  void AwaitRounds() {
    for (std::atomic<int>& rounds : rounds_) {
      const int before = rounds;
      EXPECT_TRUE(Eventually([&] { return rounds >= before + 2; }));
    }
  }
  void Show(const CertifiedKey& own) {
    absl::MutexLock lock(&mutex_);
    own_ = own;
  }
  bool GetsIn(const CertifiedKey& own) const {
    return deployment_.NewCaller(own).GetToken("demo", absl::Seconds(2)).ok();
  }
  int calls() const { return rounds_[0] + rounds_[1]; }

  CertifiedDeployment deployment_;

 private:
  CertifiedKey Shown() {
    absl::MutexLock lock(&mutex_);
    return own_;
  }
  void Call(Caller& caller, std::atomic<int>& rounds) {
    const Answer answer = caller.GetToken("demo");
    if (!answer.ok()) {
      ++failed_;
      ADD_FAILURE() << answer.Text();
    }
    ++rounds;
  }
  void CallOnOneConnection(std::atomic<int>& rounds) {
    Caller caller = deployment_.NewCaller(Shown());
    while (!stop_) Call(caller, rounds);
  }
  void CallOnNewConnections(std::atomic<int>& rounds) {
    while (!stop_) {
      Caller caller = deployment_.NewCaller(Shown());
      // gRPC 1.51's client now and then takes a connection that is under way for a failed one, and
      // tries again by itself.
      caller.channel()->WaitForConnected(std::chrono::system_clock::now() +
                                         absl::ToChronoSeconds(kPatience));
      Call(caller, rounds);
    }
  }

  double generation_ = 1;
  std::atomic<bool> stop_ = false;
  std::atomic<int> failed_ = 0;
  std::array<std::atomic<int>, 2> rounds_ = {};
  absl::Mutex mutex_;
  CertifiedKey own_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> clients_;
};

TEST_F(Row33, AHundredCertificatesAndKeysFailNoCall) {
  for (int i = 0; i < 100; ++i) {
    deployment_.WriteOwn(deployment_.NewOwn());
    AwaitTaken();
    if (HasFatalFailure()) return;
  }
  AwaitRounds();
}

TEST_F(Row33, TwentyAuthoritiesFailNoCallAndTheFormerIsRefused) {
  std::string former = deployment_.callers().certificate();
  CertifiedKey former_own = Issue(deployment_.callers());
  for (int i = 0; i < 20; ++i) {
    const CertificateAuthority next{{.common_name = "callers", .is_ca = true}};
    deployment_.WriteCallers(former + next.certificate());
    AwaitTaken();
    if (HasFatalFailure()) return;
    const CertifiedKey own = Issue(next);
    Show(own);
    AwaitRounds();
    deployment_.WriteCallers(next.certificate());
    const absl::Time removed = absl::Now();
    AwaitTaken();
    EXPECT_FALSE(GetsIn(former_own));
    EXPECT_LT(absl::Now() - removed, kPatience);
    former = next.certificate();
    former_own = own;
  }
}

// Without being asked, the broker sees it by itself.
TEST_F(Row33, BadPairsLeaveTheLastOneInForce) {
  const CertifiedKey one = deployment_.NewOwn();
  const CertifiedKey other = deployment_.NewOwn();
  double failures = 0;
  for (const CertifiedKey& bad :
       {CertifiedKey{one.certificate, other.key}, CertifiedKey{"", ""},
        CertifiedKey{one.certificate.substr(0, one.certificate.size() / 2), one.key}}) {
    deployment_.WriteOwn(bad);
    ++failures;
    EXPECT_TRUE(Eventually([&] { return Metric("credbroker_reload_failures_total") >= failures; }));
    AwaitRounds();
  }
  EXPECT_EQ(Metric("credbroker_config_generation"), 1);
  deployment_.WriteOwn(one);
  EXPECT_TRUE(Eventually([&] { return Metric("credbroker_config_generation") >= 2; }));
  AwaitRounds();
}

}  // namespace
}  // namespace credbroker
