#include "service/ops/metrics.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "service/base/version.h"
#include "tests/ops/exposition.h"

namespace credbroker {
namespace {

using ::testing::Optional;
using Labels = Exposition::Labels;

Exposition Read(const Metrics& metrics) { return Exposition(metrics.Render()); }

struct Row {
  std::string type;
  std::set<std::string> labels;
};

// The table "Admin endpoint" of the contract, as far as it is built.
const std::map<std::string, Row>& ContractTable() {
  static const auto& table = *new std::map<std::string, Row>{
      {"credbroker_rpcs_total", {"counter", {"rpc", "code"}}},
      {"credbroker_rpc_duration_seconds", {"histogram", {"rpc", "code"}}},
      {"credbroker_token_requests_total", {"counter", {"tenant", "outcome"}}},
      {"credbroker_upstream_requests_total", {"counter", {"tenant", "call", "outcome"}}},
      {"credbroker_upstream_request_duration_seconds",
       {"histogram", {"tenant", "call", "outcome"}}},
      {"credbroker_sessions", {"gauge", {"tenant", "state"}}},
      {"credbroker_session_remaining_seconds_min", {"gauge", {"tenant"}}},
      {"credbroker_accounts_held_back", {"gauge", {"tenant"}}},
      {"credbroker_upstream_untrusted_total", {"counter", {"tenant"}}},
      {"credbroker_revocations_lost_total", {"counter", {"tenant"}}},
      {"credbroker_login_outcome_unknown_total", {"counter", {"tenant"}}},
      {"credbroker_reload_failures_total", {"counter", {"source"}}},
      {"credbroker_config_generation", {"gauge", {"source"}}},
      {"credbroker_build_info", {"gauge", {"version"}}},
  };
  return table;
}

// The name in the table of the series `name`: a histogram has three.
std::string FamilyOf(const std::string& name) {
  for (const char* suffix : {"_bucket", "_sum", "_count"}) {
    const std::string end = suffix;
    if (name.size() <= end.size() || name.compare(name.size() - end.size(), end.size(), end) != 0)
      continue;
    std::string family = name.substr(0, name.size() - end.size());
    const auto found = ContractTable().find(family);
    if (found != ContractTable().end() && found->second.type == "histogram") return family;
  }
  return name;
}

std::set<std::string> Names(const Labels& labels) {
  std::set<std::string> names;
  for (const auto& [name, value] : labels)
    if (name != "le") names.insert(name);
  return names;
}

TEST(MetricsTest, NamesKindsAndLabelsAreThoseOfTheContract) {
  Metrics metrics({"acme", "globex"});
  metrics.CountRpc("GetToken", absl::StatusCode::kOk, absl::Milliseconds(1));
  metrics.CountUpstreamRequest("acme", UpstreamCall::kRefresh, UpstreamOutcome::kOk,
                               absl::Milliseconds(80));
  metrics.SetTenantGauges({{"acme", {{"live", 1}}, absl::Minutes(2), 0}});
  const Exposition page = Read(metrics);

  std::set<std::string> seen;
  for (const auto& [sample, value] : page.samples) {
    const std::string family = FamilyOf(sample.first);
    const auto row = ContractTable().find(family);
    ASSERT_NE(row, ContractTable().end()) << family << " is not in the contract";
    EXPECT_EQ(Names(sample.second), row->second.labels) << family;
    seen.insert(family);
  }
  for (const auto& [name, row] : ContractTable()) {
    EXPECT_TRUE(seen.contains(name)) << name << " is missing";
    EXPECT_TRUE(page.with_help.contains(name)) << name;
    ASSERT_TRUE(page.types.contains(name)) << name;
    EXPECT_EQ(page.types.at(name), row.type) << name;
  }
}

TEST(MetricsTest, CountersStartAtZero) {
  const Exposition page = Read(Metrics({"acme"}));
  for (const char* rpc : {"GetToken", "Login", "Refresh", "WatchToken", "Logout", "ListSessions"})
    for (const char* code : {"OK", "NOT_FOUND", "UNAVAILABLE", "CANCELLED", "UNAUTHENTICATED"})
      EXPECT_THAT(page.Value("credbroker_rpcs_total", {{"rpc", rpc}, {"code", code}}), Optional(0))
          << rpc << code;
  for (const char* outcome : {"hit", "joined", "fetched", "stale", "refused", "failed"})
    EXPECT_THAT(
        page.Value("credbroker_token_requests_total", {{"tenant", "acme"}, {"outcome", outcome}}),
        Optional(0))
        << outcome;
  for (const char* call : {"scram_first", "scram_final", "refresh", "logout"})
    for (const char* outcome :
         {"ok", "rejected", "forbidden", "dead", "unavailable", "malformed", "untrusted"})
      EXPECT_THAT(page.Value("credbroker_upstream_requests_total",
                             {{"tenant", "acme"}, {"call", call}, {"outcome", outcome}}),
                  Optional(0))
          << call << outcome;
  for (const char* source : {"config", "tls", "secret", "jwks"}) {
    EXPECT_THAT(page.Value("credbroker_reload_failures_total", {{"source", source}}), Optional(0));
    EXPECT_THAT(page.Value("credbroker_config_generation", {{"source", source}}), Optional(1));
  }
  EXPECT_THAT(page.Value("credbroker_build_info", {{"version", kVersion}}), Optional(1));
}

TEST(MetricsTest, AnRpcCountsUnderItsNameAndCode) {
  Metrics metrics({});
  metrics.CountRpc("GetToken", absl::StatusCode::kOk, absl::Microseconds(200));
  metrics.CountRpc("GetToken", absl::StatusCode::kOk, absl::Seconds(3));
  metrics.CountRpc("GetToken", absl::StatusCode::kFailedPrecondition, absl::Milliseconds(1));
  const Exposition page = Read(metrics);

  const Labels ok = {{"rpc", "GetToken"}, {"code", "OK"}};
  EXPECT_THAT(page.Value("credbroker_rpcs_total", ok), Optional(2));
  EXPECT_THAT(
      page.Value("credbroker_rpcs_total", {{"rpc", "GetToken"}, {"code", "FAILED_PRECONDITION"}}),
      Optional(1));
  EXPECT_THAT(page.Value("credbroker_rpcs_total", {{"rpc", "Login"}, {"code", "OK"}}), Optional(0));
  EXPECT_THAT(page.Value("credbroker_rpc_duration_seconds_count", ok), Optional(2));
  EXPECT_THAT(page.Value("credbroker_rpc_duration_seconds_sum", ok), Optional(3.0002));
}

TEST(MetricsTest, EveryOutcomeHasItsOwnLabel) {
  Metrics metrics({"acme"});
  const std::vector<std::pair<TokenOutcome, std::string>> outcomes = {
      {TokenOutcome::kHit, "hit"},         {TokenOutcome::kJoined, "joined"},
      {TokenOutcome::kFetched, "fetched"}, {TokenOutcome::kStale, "stale"},
      {TokenOutcome::kRefused, "refused"}, {TokenOutcome::kFailed, "failed"}};
  for (size_t i = 0; i < outcomes.size(); ++i)
    for (size_t times = 0; times <= i; ++times)
      metrics.CountTokenRequest("acme", outcomes[i].first);
  const Exposition page = Read(metrics);
  for (size_t i = 0; i < outcomes.size(); ++i)
    EXPECT_THAT(page.Value("credbroker_token_requests_total",
                           {{"tenant", "acme"}, {"outcome", outcomes[i].second}}),
                Optional(static_cast<double>(i + 1)))
        << outcomes[i].second;
}

TEST(MetricsTest, EveryUpstreamCallAndOutcomeHasItsOwnLabels) {
  const std::vector<std::pair<UpstreamCall, std::string>> calls = {
      {UpstreamCall::kScramFirst, "scram_first"},
      {UpstreamCall::kScramFinal, "scram_final"},
      {UpstreamCall::kRefresh, "refresh"},
      {UpstreamCall::kLogout, "logout"}};
  const std::vector<std::pair<UpstreamOutcome, std::string>> outcomes = {
      {UpstreamOutcome::kOk, "ok"},
      {UpstreamOutcome::kRejected, "rejected"},
      {UpstreamOutcome::kForbidden, "forbidden"},
      {UpstreamOutcome::kDead, "dead"},
      {UpstreamOutcome::kUnavailable, "unavailable"},
      {UpstreamOutcome::kMalformed, "malformed"},
      {UpstreamOutcome::kUntrusted, "untrusted"}};
  for (const auto& [call, call_name] : calls) {
    for (const auto& [outcome, outcome_name] : outcomes) {
      Metrics metrics({"acme"});
      metrics.CountUpstreamRequest("acme", call, outcome, absl::Milliseconds(7));
      const Exposition page = Read(metrics);
      const Labels labels = {{"tenant", "acme"}, {"call", call_name}, {"outcome", outcome_name}};
      EXPECT_THAT(page.Value("credbroker_upstream_requests_total", labels), Optional(1));
      EXPECT_THAT(page.Value("credbroker_upstream_request_duration_seconds_count", labels),
                  Optional(1));
      EXPECT_THAT(page.Value("credbroker_upstream_request_duration_seconds_sum", labels),
                  Optional(0.007));
    }
  }
}

TEST(MetricsTest, BucketsAreCumulativeAndTheBoundBelongsToItsBucket) {
  Metrics metrics({"acme"});
  for (const int milliseconds : {5, 6, 31000})
    metrics.CountUpstreamRequest("acme", UpstreamCall::kRefresh, UpstreamOutcome::kOk,
                                 absl::Milliseconds(milliseconds));
  const Exposition page = Read(metrics);
  Labels labels = {{"tenant", "acme"}, {"call", "refresh"}, {"outcome", "ok"}};
  const auto at_most = [&](const char* bound) {
    labels["le"] = bound;
    return page.Value("credbroker_upstream_request_duration_seconds_bucket", labels);
  };
  EXPECT_THAT(at_most("0.005"), Optional(1));
  EXPECT_THAT(at_most("0.01"), Optional(2));
  EXPECT_THAT(at_most("30"), Optional(2));
  EXPECT_THAT(at_most("+Inf"), Optional(3));
}

TEST(MetricsTest, ADurationThatRanBackwardsCountsAsNone) {
  Metrics metrics({});
  metrics.CountRpc("Login", absl::StatusCode::kOk, absl::Seconds(-5));
  EXPECT_THAT(Read(metrics).Value("credbroker_rpc_duration_seconds_sum",
                                  {{"rpc", "Login"}, {"code", "OK"}}),
              Optional(0));
}

TEST(MetricsTest, TenantsCountApart) {
  Metrics metrics({"acme", "globex"});
  metrics.CountUpstreamUntrusted("acme");
  metrics.CountRevocationLost("globex");
  metrics.CountLoginOutcomeUnknown("globex");
  const Exposition page = Read(metrics);
  const Labels acme = {{"tenant", "acme"}};
  const Labels globex = {{"tenant", "globex"}};
  EXPECT_THAT(page.Value("credbroker_upstream_untrusted_total", acme), Optional(1));
  EXPECT_THAT(page.Value("credbroker_upstream_untrusted_total", globex), Optional(0));
  EXPECT_THAT(page.Value("credbroker_revocations_lost_total", acme), Optional(0));
  EXPECT_THAT(page.Value("credbroker_revocations_lost_total", globex), Optional(1));
  EXPECT_THAT(page.Value("credbroker_login_outcome_unknown_total", acme), Optional(0));
  EXPECT_THAT(page.Value("credbroker_login_outcome_unknown_total", globex), Optional(1));
}

TEST(MetricsTest, TenantsThatComeLaterCountToo) {
  Metrics metrics({"acme"});
  metrics.CountTokenRequest("acme", TokenOutcome::kHit);
  metrics.CountTokenRequest("globex", TokenOutcome::kHit);
  metrics.AddTenants({"acme", "globex"});
  metrics.AddTenants({"globex"});
  metrics.CountTokenRequest("acme", TokenOutcome::kHit);
  metrics.CountTokenRequest("globex", TokenOutcome::kHit);
  metrics.SetTenantGauges({{"globex", {{"live", 1}}, absl::Minutes(2), 0}});
  const Exposition page = Read(metrics);
  const auto hits = [&](const char* tenant) {
    return page.Value("credbroker_token_requests_total", {{"tenant", tenant}, {"outcome", "hit"}});
  };
  EXPECT_THAT(hits("acme"), Optional(2));
  EXPECT_THAT(hits("globex"), Optional(1));
  EXPECT_THAT(page.Value("credbroker_sessions", {{"tenant", "globex"}, {"state", "live"}}),
              Optional(1));
}

TEST(MetricsTest, ReloadsCountBySource) {
  Metrics metrics({});
  metrics.CountReload(ReloadSource::kTls);
  metrics.CountReload(ReloadSource::kTls);
  metrics.CountReloadFailure(ReloadSource::kSecret);
  const Exposition page = Read(metrics);
  EXPECT_THAT(page.Value("credbroker_config_generation", {{"source", "tls"}}), Optional(3));
  EXPECT_THAT(page.Value("credbroker_config_generation", {{"source", "jwks"}}), Optional(1));
  EXPECT_THAT(page.Value("credbroker_reload_failures_total", {{"source", "secret"}}), Optional(1));
  EXPECT_THAT(page.Value("credbroker_reload_failures_total", {{"source", "config"}}), Optional(0));
}

TEST(MetricsTest, UnknownTenantsAndRpcsAddNoSeries) {
  Metrics metrics({"acme"});
  const std::string before = metrics.Render();
  metrics.CountRpc("grpc.health.v1.Health/Check", absl::StatusCode::kOk, absl::Seconds(1));
  metrics.CountTokenRequest("nobody", TokenOutcome::kHit);
  metrics.CountUpstreamRequest("nobody", UpstreamCall::kRefresh, UpstreamOutcome::kOk,
                               absl::Seconds(1));
  metrics.CountUpstreamUntrusted("nobody");
  metrics.CountRevocationLost("");
  metrics.CountLoginOutcomeUnknown("acme2");
  metrics.SetTenantGauges({{"nobody", {{"live", 5}}, absl::Seconds(1), 5}});
  EXPECT_EQ(metrics.Render(), before);
}

TEST(MetricsTest, ACodeThatGrpcDoesNotHaveIsUnknown) {
  Metrics metrics({});
  metrics.CountRpc("Login", static_cast<absl::StatusCode>(99), absl::ZeroDuration());
  metrics.CountRpc("Login", static_cast<absl::StatusCode>(-1), absl::ZeroDuration());
  EXPECT_THAT(Read(metrics).Value("credbroker_rpcs_total", {{"rpc", "Login"}, {"code", "UNKNOWN"}}),
              Optional(2));
}

TEST(MetricsTest, OddCharactersInALabelAreEscaped) {
  const std::string odd = "a\"b\\c\nd{e=\"f\",} 7";
  Metrics metrics({odd});
  metrics.CountTokenRequest(odd, TokenOutcome::kStale);
  EXPECT_THAT(Read(metrics).Value("credbroker_token_requests_total",
                                  {{"tenant", odd}, {"outcome", "stale"}}),
              Optional(1));
}

TEST(MetricsTest, GaugesAreReplacedAsAWhole) {
  Metrics metrics({"acme", "globex"});
  metrics.SetTenantGauges({{"acme", {{"live", 3}, {"held_back", 1}}, absl::Milliseconds(1500), 1},
                           {"globex", {{"live", 7}}, absl::Seconds(9), 2}});
  Exposition page = Read(metrics);
  const auto live = [&](const char* tenant) {
    return page.Value("credbroker_sessions", {{"tenant", tenant}, {"state", "live"}});
  };
  const auto remaining = [&](const char* tenant) {
    return page.Value("credbroker_session_remaining_seconds_min", {{"tenant", tenant}});
  };
  const auto held_back = [&](const char* tenant) {
    return page.Value("credbroker_accounts_held_back", {{"tenant", tenant}});
  };
  EXPECT_THAT(live("acme"), Optional(3));
  EXPECT_THAT(page.Value("credbroker_sessions", {{"tenant", "acme"}, {"state", "held_back"}}),
              Optional(1));
  EXPECT_THAT(remaining("acme"), Optional(1.5));
  EXPECT_THAT(held_back("acme"), Optional(1));
  EXPECT_THAT(held_back("globex"), Optional(2));

  metrics.SetTenantGauges({{"acme", {{"live", 4}}, absl::Seconds(-2), 0}});
  page = Read(metrics);
  EXPECT_THAT(live("acme"), Optional(4));
  EXPECT_THAT(page.Value("credbroker_sessions", {{"tenant", "acme"}, {"state", "held_back"}}),
              Optional(0));
  EXPECT_THAT(remaining("acme"), Optional(0)) << "what is over is 0, not less";
  EXPECT_THAT(held_back("acme"), Optional(0));
  EXPECT_THAT(live("globex"), Optional(0));
  EXPECT_THAT(held_back("globex"), Optional(0));
}

TEST(MetricsTest, NoSessionHasNoRemainingLifeNotZero) {
  Metrics metrics({"acme"});
  const auto remaining = [&] {
    return Read(metrics).Value("credbroker_session_remaining_seconds_min", {{"tenant", "acme"}});
  };
  EXPECT_EQ(remaining(), std::nullopt);
  metrics.SetTenantGauges({{"acme", {}, absl::Seconds(30), 0}});
  EXPECT_THAT(remaining(), Optional(30));
  metrics.SetTenantGauges({{"acme", {}, std::nullopt, 0}});
  EXPECT_EQ(remaining(), std::nullopt);
  metrics.SetTenantGauges({{"acme", {}, absl::Seconds(40), 0}});
  EXPECT_THAT(remaining(), Optional(40));
}

TEST(MetricsTest, ATenantNamedTwiceCountsOnce) {
  Metrics metrics({"acme", "acme"});
  metrics.CountTokenRequest("acme", TokenOutcome::kHit);
  EXPECT_THAT(Read(metrics).Value("credbroker_token_requests_total",
                                  {{"tenant", "acme"}, {"outcome", "hit"}}),
              Optional(1));
}

TEST(MetricsTest, NothingIsLostWhenThreadsCountAndScrapeAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kTimes = 2000;
  Metrics metrics({"acme"});
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&metrics, i] {
      for (int j = 0; j < kTimes; ++j) {
        metrics.CountRpc("GetToken", absl::StatusCode::kOk, absl::Milliseconds(1));
        metrics.CountUpstreamRequest("acme", UpstreamCall::kScramFinal, UpstreamOutcome::kRejected,
                                     absl::Milliseconds(1));
        if (j % 500 != 0) continue;
        std::optional<absl::Duration> left;
        if (i % 2 == 0) left = absl::Seconds(j);
        metrics.SetTenantGauges({{"acme", {{"live", j}}, left, 0}});
        metrics.Render();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Exposition page = Read(metrics);
  const Labels rpc = {{"rpc", "GetToken"}, {"code", "OK"}};
  const Labels upstream = {{"tenant", "acme"}, {"call", "scram_final"}, {"outcome", "rejected"}};
  EXPECT_THAT(page.Value("credbroker_rpcs_total", rpc), Optional(kThreads * kTimes));
  EXPECT_THAT(page.Value("credbroker_rpc_duration_seconds_count", rpc),
              Optional(kThreads * kTimes));
  EXPECT_THAT(page.Value("credbroker_upstream_request_duration_seconds_count", upstream),
              Optional(kThreads * kTimes));
}

}  // namespace
}  // namespace credbroker
