#include "tests/simulation/schedule.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "tests/simulation/draw.h"

namespace credbroker::simulation {
namespace {

struct ActRow {
  Act act;
  absl::string_view name;
  size_t weight;  // How often, beside the others.
};
constexpr std::array<ActRow, kActs> kActTable = {{
    {Act::kPeek, "peek", 4},
    {Act::kGetToken, "get-token", 12},
    {Act::kGetFreshToken, "get-fresh-token", 4},
    {Act::kLogin, "login", 4},
    {Act::kForceLogin, "force-login", 4},
    {Act::kReleaseHold, "release-hold", 4},
    {Act::kPasswordLogin, "password-login", 6},
    {Act::kRefresh, "refresh", 4},
    {Act::kRefreshIf, "refresh-if", 5},
    {Act::kWatch, "watch", 4},
    {Act::kLogout, "logout", 5},
    {Act::kCancel, "cancel", 4},
    {Act::kList, "list", 2},
    {Act::kMeasure, "measure", 2},
    {Act::kCheckHeld, "check-held", 4},
    {Act::kRun, "run", 10},
    {Act::kAdvance, "advance", 14},
    {Act::kAdvanceToEdge, "advance-to-edge", 8},
    {Act::kSuspend, "suspend", 3},
    {Act::kSuspendToEdge, "suspend-to-edge", 4},
    {Act::kJumpWall, "jump-wall", 2},
    {Act::kFault, "fault", 14},
    {Act::kLifetime, "lifetime", 3},
    {Act::kChangePassword, "change-password", 3},
    {Act::kChangeFile, "change-file", 3},
    {Act::kEndSession, "end-session", 3},
}};

constexpr std::array<absl::string_view, kFaults> kFaultNames = {
    "none",     "slow",      "unreachable", "lost-answer", "throttled",  "dead",      "forbidden",
    "rejected", "untrusted", "malformed",   "ended",       "long-lived", "unreadable"};

template <typename T, size_t n>
T OneOf(Dice& dice, const std::array<T, n>& values) {
  return values[dice.Below(n)];
}

std::vector<size_t> SomeAccounts(Dice& dice) {
  std::vector<size_t> all;
  for (size_t i = 0; i < kAccounts; ++i) all.push_back(i);
  for (size_t i = kAccounts - 1; i > 0; --i) std::swap(all[i], all[dice.Below(i + 1)]);
  constexpr std::array<size_t, 6> kHowMany = {1, 1, 2, 2, 3, 6};
  all.resize(OneOf(dice, kHowMany));
  return all;
}

Setting DrawSetting(uint64_t seed) {
  Dice dice(seed, Stream::kSetting);
  Setting setting;
  setting.accounts = SomeAccounts(dice);
  setting.lifetime = absl::Seconds(OneOf(dice, std::array{1, 20, 300, 300, 900, 3600, 86400}));
  setting.request_timeout = absl::Seconds(OneOf(dice, std::array{1, 10, 10}));
  setting.idle_timeout = absl::Minutes(OneOf(dice, std::array{1, 10, 24 * 60, 24 * 60}));
  setting.refresh_at = OneOf(dice, std::array<std::optional<double>, 4>{{{}, {}, 0.5, 0.95}});
  setting.upstream_concurrency = OneOf(dice, std::array{1, 2, 4, 2048, 2048});
  setting.refresh_concurrency = OneOf(dice, std::array{1, 64, 64});
  setting.max_sessions = OneOf(dice, std::array<size_t, 5>{1, 2, 3, 100, 100});
  setting.any_order = !dice.OneIn(4);
  setting.any_latency = !dice.OneIn(4);
  setting.jitter = OneOf(dice, std::array<std::optional<double>, 5>{{{}, {}, 0.5, 0.0, 0.999}});
  return setting;
}

// Weights of this schedule's own: some acts are left out and some come often, so that schedules
// differ more than the mean of all acts would let them.
std::array<size_t, kActs> DrawWeights(Dice& dice) {
  constexpr std::array<size_t, 6> kFactors = {0, 1, 2, 2, 2, 6};
  std::array<size_t, kActs> weights{};
  for (size_t i = 0; i < kActs; ++i) weights[i] = kActTable[i].weight * OneOf(dice, kFactors);
  for (const Act needed : {Act::kGetToken, Act::kAdvance}) {
    auto& weight = weights[static_cast<size_t>(needed)];
    weight = std::max(weight, kActTable[static_cast<size_t>(needed)].weight);
  }
  return weights;
}

}  // namespace

const AccountKey& KeyOf(size_t account) {
  static const auto* const keys = new std::array<AccountKey, kAccounts>{{
      {"acme", "ann@acme.example"},
      {"acme", "ben@acme.example"},
      {"acme", "cat@acme.example"},
      {"acme", "one"},
      {"acme", "two"},
      {"bolt", "one"},
  }};
  return (*keys)[account];
}

absl::string_view NameOf(Act act) { return kActTable[static_cast<size_t>(act)].name; }
absl::string_view NameOf(Fault fault) { return kFaultNames[static_cast<size_t>(fault)]; }

Schedule Generate(uint64_t seed) {
  Schedule schedule;
  schedule.seed = seed;
  schedule.setting = DrawSetting(seed);
  Dice dice(seed, Stream::kActions);
  const std::array<size_t, kActs> weights = DrawWeights(dice);
  size_t sum = 0;
  for (const size_t weight : weights) sum += weight;
  // Short ones say more about what goes wrong, long ones get further.
  const size_t length = 10 + dice.Below(dice.OneIn(2) ? 40 : 240);
  for (size_t i = 0; i < length; ++i) {
    size_t rest = dice.Below(sum);
    size_t act = 0;
    while (rest >= weights[act]) rest -= weights[act++];
    const uint64_t bits = dice.Next();
    schedule.actions.push_back({static_cast<Act>(act), static_cast<uint8_t>(bits),
                                static_cast<uint8_t>(bits >> 8), static_cast<uint8_t>(bits >> 16)});
  }
  return schedule;
}

std::string Describe(const Setting& setting) {
  const std::string accounts =
      absl::StrJoin(setting.accounts, ",", [](std::string* out, size_t account) {
        absl::StrAppend(out, KeyOf(account).tenant, "/", KeyOf(account).account);
      });
  return absl::StrCat(
      "accounts ", accounts, "; lifetime ", absl::FormatDuration(setting.lifetime),
      "; request_timeout ", absl::FormatDuration(setting.request_timeout), "; idle_timeout ",
      absl::FormatDuration(setting.idle_timeout), "; refresh_at ",
      setting.refresh_at.has_value() ? absl::StrCat(*setting.refresh_at) : "unset",
      "; upstream_concurrency ", setting.upstream_concurrency, "; refresh_concurrency ",
      setting.refresh_concurrency, "; max_sessions ", setting.max_sessions, "; order ",
      setting.any_order ? "any" : "plain", "; latency ", setting.any_latency ? "any" : "plain",
      "; jitter ", setting.jitter.has_value() ? absl::StrCat(*setting.jitter) : "any");
}

}  // namespace credbroker::simulation
