#ifndef CREDBROKER_TESTS_UPSTREAM_UPSTREAM_FIXTURE_H_
#define CREDBROKER_TESTS_UPSTREAM_UPSTREAM_FIXTURE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "service/base/json.h"
#include "service/model/failure.h"
#include "service/ops/metrics.h"
#include "service/upstream/file_credential.h"
#include "service/upstream/scram_upstream.h"
#include "tests/fakes/fake_random.h"
#include "tests/fakes/manual_loop.h"
#include "tests/fakes/manual_worker_pool.h"
#include "tests/upstream/fake_http_client.h"
#include "tests/upstream/scram_server.h"

namespace credbroker {

// A JWT with these claims, signed by nobody.
inline std::string Jwt(const Json& claims) {
  return absl::StrCat(absl::WebSafeBase64Escape(R"({"alg":"none"})"), ".",
                      absl::WebSafeBase64Escape(claims.dump()), ".c2ln");
}

// A ScramUpstream whose network, threads and time are the test's.
class UpstreamFixture : public testing::Test {
 protected:
  UpstreamFixture() {
    auto tenant = std::make_shared<Tenant>();
    tenant->name = "acme";
    tenant->base_url = "https://acme.example/api";
    tenant->mechanism = Mechanism::kScramSha256;
    tenant->max_iterations = 10'000;
    account_ = {tenant, {"acme", "reporting"}, "reporting@acme.example", "Cms"};
    tenant_ = std::move(tenant);
  }

  static std::shared_ptr<const Credential> Password(absl::string_view password) {
    return std::make_shared<CallerCredential>(Secret::Copy(password));
  }

  // Up to the first message.
  void Login(std::shared_ptr<const Credential> credential = Password("pencil"),
             const Device& device = {}) {
    StartLogin(std::move(credential), device);
    Derive();
  }
  void StartLogin(std::shared_ptr<const Credential> credential = Password("pencil"),
                  const Device& device = {}) {
    login_.reset();
    upstream_->Login(account_, std::move(credential), device,
                     [this](absl::StatusOr<LoginGrant> grant) {
                       ASSERT_FALSE(login_.has_value()) << "called twice";
                       login_ = std::move(grant);
                     });
  }

  // The Date header of an answer that is sent now.
  std::string Date() const {
    return absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", loop_.WallNow(), absl::UTCTimeZone());
  }

  // A good answer to the first message that waits. Its challenge lapses in 60 s.
  Json FirstAnswer() {
    client_nonce_ = http_.body()["nonce"].get<std::string>();
    return {{"nonce", client_nonce_ + server_.nonce_tail},
            {"salt", server_.salt_base64()},
            {"iterationCount", server_.iterations},
            {"expires", absl::ToDoubleSeconds(loop_.WallNow() - absl::UnixEpoch()) + 60}};
  }
  void AnswerFirst(const Json& answer) { http_.Answer(200, {{"Date", Date()}}, answer.dump()); }

  // A good answer to the last message.
  Json FinalAnswer() {
    return {{"deviceId", "device-1"},
            {"refreshToken", "refresh-1"},
            {"signature", server_.Expect("reporting@acme.example", client_nonce_).signature},
            {"redirectProjectId", nullptr},
            {"sendbirdSessionToken", "sendbird-1"}};
  }
  void AnswerFinal(const Json& answer) {
    http_.Answer(200, {{"session", Jwt({{"iat", 1000}, {"exp", 1600}})}}, answer.dump());
  }

  // Runs what waits for a worker, and what that posts.
  void Derive() {
    workers_.RunAll();
    loop_.RunPosted();
  }

  // From a started login to the last message.
  void ReachFinal() {
    ASSERT_TRUE(http_.IsFor("/auth/auth"));
    AnswerFirst(FirstAnswer());
    Derive();
    ASSERT_TRUE(http_.IsFor("/auth/login"));
  }

  std::optional<Reason> LoginReason() const {
    return login_.has_value() ? ReasonOf(login_->status()) : std::nullopt;
  }

  // Whether the metrics hold this line.
  bool Counts(absl::string_view line) const {
    return absl::StrContains(metrics_.Render(), absl::StrCat("\n", line, "\n"));
  }

  ManualLoop loop_;
  ManualWorkerPool workers_;
  FakeRandom random_;
  Metrics metrics_{std::vector<std::string>{"acme"}};
  FakeHttpClient http_;
  std::unique_ptr<ScramUpstream> upstream_ = std::make_unique<ScramUpstream>(
      ScramUpstream::Parts{loop_, http_, workers_, random_, metrics_}, "9.9");
  ScramServer server_;
  std::shared_ptr<Tenant> tenant_;
  UpstreamAccount account_;
  std::string client_nonce_;
  std::optional<absl::StatusOr<LoginGrant>> login_;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_UPSTREAM_UPSTREAM_FIXTURE_H_
