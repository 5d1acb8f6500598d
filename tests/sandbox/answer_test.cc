#include "tests/sandbox/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "tests/sandbox/sandbox_test.h"

namespace credbroker::sandbox {
namespace {

using nlohmann::json;

// Faults as they look over the wire.
class AnswerTest : public SandboxTest {
 protected:
  AnswerTest() { Start(); }

  void Arm(const std::string& call, const json& fault) {
    ASSERT_EQ(Put("faults", {{call, fault}}), 200);
  }
  json AuthWith(const json& fault) {
    Arm("auth", fault);
    return json::parse(Auth()->body);
  }
};

TEST_F(AnswerTest, StatusKeepsTheCallFromBeingProcessed) {
  Arm("login", {{"status", 503}, {"retry_after", 7}, {"times", 1}});
  const auto login = Login();
  EXPECT_EQ(login->status, 503);
  EXPECT_EQ(login->get_header_value("Retry-After"), "7");
  EXPECT_EQ(GetStats()["accounts"][kEmail]["devices"], 0);
  EXPECT_EQ(Login()->status, 200);
  EXPECT_EQ(GetStats()["calls"]["login"],
            json::parse(R"({"total": 2, "by_status": {"200": 1, "503": 1}, "lost": 0,
                            "faulted": 1})"));
}

TEST_F(AnswerTest, AFaked416KillsTheRefreshToken) {
  const std::string refresh_token = json::parse(Login()->body)["refreshToken"];
  Arm("session", {{"status", 416}, {"times", 1}});
  EXPECT_EQ(Refresh(refresh_token)->status, 416);
  EXPECT_EQ(GetStats()["reused_after_dead"], 0);
  EXPECT_EQ(Refresh(refresh_token)->status, 416);
  EXPECT_EQ(GetStats()["reused_after_dead"], 1);
}

TEST_F(AnswerTest, RedirectNamesTheOtherPlace) {
  Arm("logout", {{"redirect", "http://127.0.0.1:9/x"}});
  const std::string token = Login()->get_header_value("Session");
  const auto logout = Logout(token);
  EXPECT_EQ(logout->status, 302);
  EXPECT_EQ(logout->get_header_value("Location"), "http://127.0.0.1:9/x");
  EXPECT_EQ(WhoAmI(token), 200);
}

TEST_F(AnswerTest, NoncesAreTampered) {
  const std::string own = kClientNonce;
  EXPECT_EQ(AuthWith({{"nonce", "equal"}})["nonce"], own);
  EXPECT_FALSE(absl::StartsWith(AuthWith({{"nonce", "foreign"}})["nonce"].get<std::string>(), own));
  EXPECT_TRUE(absl::StrContains(AuthWith({{"nonce", "comma"}})["nonce"].get<std::string>(), ","));
  EXPECT_TRUE(absl::EndsWith(AuthWith({{"nonce", "control"}})["nonce"].get<std::string>(), "\x01"));
  EXPECT_TRUE(
      absl::EndsWith(AuthWith({{"nonce", "non-ascii"}})["nonce"].get<std::string>(), "\xC3\xA9"));
  EXPECT_TRUE(
      absl::StartsWith(own, AuthWith({{"nonce", "truncated"}})["nonce"].get<std::string>()));
  EXPECT_EQ(AuthWith({{"nonce", "empty"}})["nonce"], "");
}

TEST_F(AnswerTest, SaltsAreTampered) {
  const std::string good = AuthWith({{"times", 1}})["salt"];
  EXPECT_EQ(AuthWith({{"salt", "empty"}})["salt"], "");
  EXPECT_GT(AuthWith({{"salt", "long"}})["salt"].get<std::string>().size(), 2048U);
  EXPECT_EQ(AuthWith({{"salt", "not-base64"}})["salt"], "!" + good);
  EXPECT_EQ(AuthWith({{"salt", "whitespace"}})["salt"], " " + good);
  EXPECT_EQ(AuthWith({{"salt", "unpadded"}})["salt"], good.substr(0, good.find('=')));
  const std::string non_canonical = AuthWith({{"salt", "non-canonical"}})["salt"];
  std::string raw, tampered_raw;
  ASSERT_TRUE(absl::Base64Unescape(good, &raw));
  EXPECT_NE(non_canonical, good);
  if (absl::Base64Unescape(non_canonical, &tampered_raw)) {
    EXPECT_EQ(tampered_raw, raw);
  }
}

TEST_F(AnswerTest, IterationCountIsAnyValue) {
  for (const json& value : {json(4095), json(4096.5), json(-1), json("4096"), json(4294971392),
                            json(1e9), json(nullptr), json::array()}) {
    EXPECT_EQ(AuthWith({{"iteration_count", value}})["iterationCount"], value);
  }
}

TEST_F(AnswerTest, ExpiresInThePastReallyLapses) {
  Arm("auth", {{"expires_in", -1}});
  EXPECT_EQ(Login()->status, 400);
}

TEST_F(AnswerTest, SignaturesAreTampered) {
  const auto signature_with = [this](const char* kind) {
    Arm("login", {{"signature", kind}});
    return json::parse(Login()->body);
  };
  EXPECT_FALSE(signature_with("missing").contains("signature"));
  EXPECT_EQ(signature_with("empty")["signature"], "");
  const json not_base64 = signature_with("not-base64");
  EXPECT_EQ(not_base64["signature"], "!" + expected_signature_);
  std::string right, tampered;
  const json flipped = signature_with("flipped");
  ASSERT_TRUE(absl::Base64Unescape(expected_signature_, &right));
  ASSERT_TRUE(absl::Base64Unescape(flipped["signature"].get<std::string>(), &tampered));
  EXPECT_EQ(tampered.size(), right.size());
  EXPECT_NE(tampered, right);
  const json truncated = signature_with("truncated");
  ASSERT_TRUE(absl::Base64Unescape(expected_signature_, &right));
  ASSERT_TRUE(absl::Base64Unescape(truncated["signature"].get<std::string>(), &tampered));
  EXPECT_EQ(tampered, right.substr(0, right.size() - 1));
}

TEST_F(AnswerTest, TokenHeadersAreTampered) {
  const auto login_with = [this](const char* kind) {
    Arm("login", {{"token_header", kind}});
    return Login();
  };
  EXPECT_FALSE(login_with("missing")->has_header("Session"));
  EXPECT_EQ(login_with("twice")->get_header_value_count("Session"), 2U);
  EXPECT_EQ(login_with("empty")->get_header_value("Session"), "");
  const auto bearer = login_with("bearer");
  EXPECT_FALSE(bearer->has_header("Session"));
  EXPECT_TRUE(absl::StartsWith(bearer->get_header_value("Authorization"), "Bearer ey"));
  // cpp-httplib's client refuses such a header, so that only its absence can be seen here.
  EXPECT_FALSE(login_with("long"));
}

TEST_F(AnswerTest, TokensThatAreExpiredAreDead) {
  Arm("login", {{"token", "expired"}});
  EXPECT_EQ(WhoAmI(Login()->get_header_value("Session")), 401);
  Arm("login", {{"token", "far-future"}});
  EXPECT_EQ(WhoAmI(Login()->get_header_value("Session")), 200);
  Arm("login", {{"token", "not-jwt"}});
  EXPECT_FALSE(absl::StrContains(Login()->get_header_value("Session"), "."));
}

TEST_F(AnswerTest, BodiesAreMalformed) {
  const auto body_with = [this](const char* kind) {
    Arm("auth", {{"body", kind}});
    const auto answer = Auth();
    EXPECT_TRUE(answer) << kind;
    return answer ? answer->body : "";
  };
  EXPECT_EQ(body_with("empty"), "");
  EXPECT_FALSE(json::accept(body_with("not-json")));
  EXPECT_FALSE(json::accept(body_with("invalid-utf8")));
  EXPECT_TRUE(absl::StrContains(body_with("deep"), std::string(10'000, '[')));
  EXPECT_EQ(body_with("missing-fields"), "{}");
  EXPECT_TRUE(json::parse(body_with("wrong-types"))["nonce"].is_number());
  const std::string twice = body_with("duplicate-keys");
  EXPECT_NE(twice.find("\"nonce\""), twice.rfind("\"nonce\""));
  for (const char* kind : {"large", "large-chunked"}) {
    const std::string large = body_with(kind);
    EXPECT_GT(large.size(), 200U << 10);
    EXPECT_TRUE(json::parse(large).contains("salt"));
  }
  EXPECT_TRUE(json::parse(body_with("gzip")).contains("salt"));
  EXPECT_EQ(body_with("gzip-bomb").size(), 10U << 20);
}

TEST_F(AnswerTest, AnEndlessBodyGoesOnUntilTheClientLeaves) {
  Arm("auth", {{"body", "endless"}});
  size_t received = 0;
  httplib::Request request;
  request.method = "POST";
  request.path = "/api/auth/auth";
  request.body = json({{"email", kEmail}, {"nonce", kClientNonce}}).dump();
  request.set_header("Content-Type", "application/json");
  request.content_receiver = [&received](const char*, size_t size, uint64_t, uint64_t) {
    received += size;
    return received < 8U << 20;
  };
  EXPECT_EQ(client_->send(request).error(), httplib::Error::Canceled);
  EXPECT_EQ(GetStats()["calls"]["auth"]["lost"], 1);
}

TEST_F(AnswerTest, DripSendsTheWholeAnswer) {
  Arm("auth", {{"connection", "drip"}, {"drip_ms", 0}});
  const auto answer = Auth();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(json::parse(answer->body).contains("salt"));
}

TEST_F(AnswerTest, WithheldAnswersAreProcessedUnlessTheySayOtherwise) {
  for (const char* kind : {"close", "reset", "cut-body", "close-unprocessed"}) {
    const json first = json::parse(Auth()->body);
    Arm("login", {{"connection", kind}});
    EXPECT_FALSE(Post("/api/auth/login", FinalMessage(first))) << kind;
  }
  const json stats = GetStats();
  EXPECT_EQ(stats["accounts"][kEmail]["devices"], 3);
  EXPECT_EQ(stats["calls"]["login"]["lost"], 4);
  EXPECT_EQ(stats["calls"]["login"]["total"], 4);
}

TEST_F(AnswerTest, CloseAfterLeavesAPooledConnectionDead) {
  const int64_t before = GetStats()["connections"];
  Arm("auth", {{"connection", "close-after"}, {"times", 1}});
  const auto answer = Auth();
  EXPECT_EQ(answer->status, 200);
  EXPECT_NE(answer->get_header_value("Connection"), "close");
  // A client that reuses the connection before it has heard of its end fails, once.
  auto second = Auth();
  if (!second) second = Auth();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->status, 200);
  EXPECT_EQ(GetStats()["connections"], before + 1);
}

TEST_F(AnswerTest, DatesAreMissingOrSkewed) {
  Arm("auth", {{"date", "missing"}});
  EXPECT_FALSE(Auth()->has_header("Date"));
  Arm("auth", {{"date", 3600}});
  const std::string late = Auth()->get_header_value("Date");
  absl::Time date;
  ASSERT_TRUE(absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", late, &date, nullptr));
  EXPECT_GT(date, absl::Now() + absl::Minutes(59));
}

TEST_F(AnswerTest, LatencyOverlapsAndConcurrencyIsCounted) {
  ASSERT_EQ(Put("settings", {{"latency_ms", 200}}), 200);
  const absl::Time start = absl::Now();
  std::vector<std::thread> threads;
  for (int i = 0; i < 100; ++i) {
    threads.emplace_back([this] {
      httplib::Client client("127.0.0.1", upstream_->port());
      const json body = {{"email", kEmail}, {"nonce", kClientNonce}};
      EXPECT_EQ(client.Post("/api/auth/auth", body.dump(), "application/json")->status, 200);
    });
  }
  for (std::thread& thread : threads) thread.join();
  // One after the other they would take 20 s.
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
  EXPECT_GT(GetStats()["accounts"][kEmail]["max_concurrent"], 1);
}

TEST(UpstreamTest, ASlowCallDoesNotHoldUpTheEnd) {
  UpstreamOptions options;
  options.settings.latency = absl::Hours(1);
  auto upstream = Upstream::Start(options);
  ASSERT_TRUE(upstream.ok());
  const int port = (*upstream)->port();
  std::thread caller([port] {
    httplib::Client client("127.0.0.1", port);
    client.set_read_timeout(60);
    client.Post("/api/auth/auth", "{}", "application/json");
  });
  httplib::Client control("127.0.0.1", port);
  while (json::parse(control.Get("/_sandbox/stats")->body)["calls"]["auth"]["total"] == 0) {
  }
  upstream->reset();
  caller.join();
}

TEST(UpstreamTest, RefusesAccountsAndFilesThatDoNotServe) {
  UpstreamOptions options;
  options.accounts = {{"a@example.com", ""}};
  EXPECT_TRUE(absl::IsInvalidArgument(Upstream::Start(options).status()));
  options.accounts.clear();
  options.certificate = options.key = "/nonexistent";
  EXPECT_TRUE(absl::IsInvalidArgument(Upstream::Start(options).status()));
}

}  // namespace
}  // namespace credbroker::sandbox
