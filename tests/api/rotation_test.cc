// Certificates, keys and authorities are replaced while callers come and go: nobody notices.

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

#include "service/api/server_tls.h"
#include "tests/api/api_fixture.h"
#include "tests/api/tls_peer.h"
#include "tests/fakes/certificates.h"

namespace credbroker {
namespace {

class RotationTest : public ApiFixture {
 protected:
  RotationTest() {
    current_ = PeerOfCallers(callers_);
    tls_ = std::make_shared<ServerTls>(BundleOf(NewOwn(), callers_.certificate()), false);
    GrpcServerOptions options;
    options.tls = tls_;
    Serve(options);
    port_ = std::stoi(server_->address().substr(server_->address().rfind(':') + 1));
    clients_.emplace_back([this] { Client(rounds_[0], &RotationTest::OneHandshake); });
    clients_.emplace_back([this] { Client(rounds_[1], &RotationTest::OneNewChannel); });
    clients_.emplace_back([this] { KeepCalling(rounds_[2]); });
  }
  ~RotationTest() override { StopClients(); }

  static TlsBundle BundleOf(const CertifiedKey& own, const std::string& client_ca) {
    auto bundle =
        TlsBundle::Parse({own.certificate, Secret::Copy(own.key), client_ca}, absl::Now());
    EXPECT_TRUE(bundle.ok()) << bundle.status();
    return *std::move(bundle);
  }
  CertifiedKey NewOwn() const { return servers_.Issue({.alternative_names = {"IP:127.0.0.1"}}); }
  TlsPeer PeerOfCallers(const CertificateAuthority& authority) const {
    return {servers_.certificate(), authority.Issue({.common_name = "caller"})};
  }

  // What clients show from their next connection on.
  void SetPeer(const TlsPeer& peer) {
    absl::MutexLock lock(&mutex_);
    current_ = peer;
  }
  TlsPeer CurrentPeer() {
    absl::MutexLock lock(&mutex_);
    return current_;
  }

  // Waits until each client has begun and ended a round from now on.
  void AwaitRounds() {
    std::vector<int> before;
    for (const auto& rounds : rounds_) before.push_back(rounds);
    for (size_t i = 0; i < rounds_.size(); ++i) {
      EXPECT_TRUE(Eventually([&] { return rounds_[i] >= before[i] + 2; })) << "client " << i;
    }
  }

  void StopClients() {
    stop_ = true;
    for (std::thread& client : clients_) client.join();
    clients_.clear();
  }

  const CertificateAuthority servers_{{.common_name = "servers", .is_ca = true}};
  const CertificateAuthority callers_{{.common_name = "callers", .is_ca = true}};
  std::shared_ptr<ServerTls> tls_;
  int port_ = 0;

 private:
  std::string OneHandshake() { return ShakeHands(port_, CurrentPeer()).failure; }

  std::string OneNewChannel() {
    const auto channel = TlsChannel(server_->address(), CurrentPeer());
    // When many connect at once, gRPC 1.51's client now and then takes a connection that is under
    // way for a failed one; it then tries again by itself. OneHandshake tries once only.
    channel->WaitForConnected(absl::ToChronoTime(absl::Now() + kPatience));
    return CheckHealth(channel).error_message();
  }

  void Client(std::atomic<int>& rounds, std::string (RotationTest::*round)()) {
    for (; !stop_; ++rounds) EXPECT_EQ((this->*round)(), "");
  }

  // On one connection all the time.
  void KeepCalling(std::atomic<int>& rounds) {
    const auto channel = TlsChannel(server_->address(), CurrentPeer());
    channel->WaitForConnected(absl::ToChronoTime(absl::Now() + kPatience));
    for (; !stop_; ++rounds) EXPECT_EQ(CheckHealth(channel).error_message(), "");
  }

  absl::Mutex mutex_;
  TlsPeer current_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> stop_ = false;
  std::array<std::atomic<int>, 3> rounds_ = {};
  std::vector<std::thread> clients_;
};

TEST_F(RotationTest, AHundredCertificatesAndKeysFailNoCall) {
  std::string serial;
  for (int i = 0; i < 100; ++i) {
    const CertifiedKey next = NewOwn();
    ASSERT_TRUE(tls_->Replace(BundleOf(next, callers_.certificate())).ok());
    AwaitRounds();
    serial = SerialOf(next.certificate);
  }
  StopClients();
  EXPECT_EQ(ShakeHands(port_, CurrentPeer()).serial, serial);
}

TEST_F(RotationTest, TwentyAuthoritiesFailNoCallAndTheFormerIsRefusedAtOnce) {
  const CertifiedKey own = NewOwn();
  std::string former = callers_.certificate();
  for (int i = 0; i < 20; ++i) {
    const CertificateAuthority next{{.common_name = "callers", .is_ca = true}};
    ASSERT_TRUE(tls_->Replace(BundleOf(own, former + next.certificate())).ok());
    const TlsPeer former_peer = CurrentPeer();
    SetPeer(PeerOfCallers(next));
    // By then nobody shows the former certificate any more.
    AwaitRounds();
    ASSERT_TRUE(tls_->Replace(BundleOf(own, next.certificate())).ok());
    EXPECT_NE(ShakeHands(port_, former_peer).failure, "");
    AwaitRounds();
    former = next.certificate();
  }
}

}  // namespace
}  // namespace credbroker
