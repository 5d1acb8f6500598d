#ifndef CREDBROKER_TESTS_SANDBOX_SANDBOX_TEST_H_
#define CREDBROKER_TESTS_SANDBOX_SANDBOX_TEST_H_

#include <gtest/gtest.h>
#include <httplib.h>

#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "absl/strings/string_view.h"

#include "tests/sandbox/reference_client.h"
#include "tests/sandbox/upstream.h"

namespace credbroker::sandbox {

inline constexpr char kEmail[] = "demo@example.com";
inline constexpr char kPassword[] = "pencil";
inline constexpr char kClientNonce[] = "clientnonce0123456789";

// A sandbox in this process, and the steps of a client that does everything right.
class SandboxTest : public testing::Test {
 protected:
  using Json = nlohmann::json;

  void Start(UpstreamOptions options = {}) {
    options.accounts.emplace_back(kEmail, kPassword);
    mechanism_ = options.mechanism;
    auto upstream = Upstream::Start(options);
    ASSERT_TRUE(upstream.ok()) << upstream.status();
    upstream_ = *std::move(upstream);
    client_ = std::make_unique<httplib::Client>("127.0.0.1", upstream_->port());
    client_->set_keep_alive(true);
    client_->set_tcp_nodelay(true);
  }

  httplib::Result Post(const std::string& path, const Json& body,
                       const httplib::Headers& headers = {}) {
    return client_->Post(path, headers, body.dump(), "application/json");
  }

  httplib::Result Auth(const std::string& email = kEmail, const httplib::Headers& headers = {}) {
    return Post("/api/auth/auth", {{"email", email}, {"nonce", kClientNonce}}, headers);
  }

  // The message that proves the password, to an answer of Auth.
  Json FinalMessage(const Json& first, const std::string& email = kEmail,
                    const std::string& password = kPassword) {
    const auto result = ComputeFromJson(mechanism_, email, password, kClientNonce, first["nonce"],
                                        first["salt"], first["iterationCount"].get<int>());
    expected_signature_ = result.signature;
    return {{"email", email},
            {"nonce", first["nonce"]},
            {"proof", result.proof},
            {"os", "Linux"},
            {"osVersion", "1"}};
  }

  httplib::Result Login(const std::string& email = kEmail,
                        const std::string& password = kPassword) {
    const auto first = Auth(email);
    if (!first || first->status != 200) return Auth(email);
    return Post("/api/auth/login", FinalMessage(Json::parse(first->body), email, password));
  }

  httplib::Result Refresh(const std::string& refresh_token) {
    return Post("/api/auth/session", {{"refreshToken", refresh_token}});
  }

  httplib::Result Logout(const std::string& token) {
    return client_->Get("/api/auth/logout", {{"Session", token}});
  }

  // 0 where no answer came.
  static int StatusOf(const httplib::Result& result) { return result ? result->status : 0; }

  int WhoAmI(const std::string& token) {
    return StatusOf(client_->Get("/_sandbox/whoami", {{"Session", token}}));
  }

  int Put(const std::string& what, const Json& body) {
    return StatusOf(client_->Put("/_sandbox/" + what, body.dump(), "application/json"));
  }

  Json GetStats() {
    const httplib::Result result = client_->Get("/_sandbox/stats");
    if (result) return Json::parse(result->body);
    ADD_FAILURE() << "no statistics: " << httplib::to_string(result.error());
    return {};
  }

  Mechanism mechanism_ = Mechanism::kScramSha1;
  std::string expected_signature_;
  std::unique_ptr<Upstream> upstream_;
  std::unique_ptr<httplib::Client> client_;
};

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_SANDBOX_TEST_H_
