#include "tests/bench/session_roles.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"

#include "service/api/token_answer.h"
#include "service/base/event_loop.h"
#include "service/base/random.h"
#include "service/ops/metrics.h"
#include "service/sessions/session_manager.h"
#include "tests/bench/allocation_count.h"
#include "tests/bench/process_stats.h"
#include "tests/bench/simulated_broker.h"
#include "tests/bench/simulated_upstream.h"
#include "tests/fakes/manual_loop.h"

namespace credbroker {
namespace {

// Waits of calls at a time: all at once would leave their memory behind.
constexpr size_t kBatch = 1000;
// 0.67 of 5 minutes.
constexpr int kPeriodSeconds = 201;

std::vector<Target> TargetsOf(const TenantDirectory& tenants) {
  std::vector<Target> targets;
  for (const auto& tenant : tenants.tenants()) {
    for (const Account& account : tenant->accounts) {
      targets.push_back({tenant, {tenant->name, account.name}, ""});
    }
  }
  return targets;
}

void LogIn(SessionManager& sessions, const std::vector<Target>& targets) {
  for (size_t begin = 0; begin < targets.size(); begin += kBatch) {
    const size_t end = std::min(begin + kBatch, targets.size());
    absl::BlockingCounter left(static_cast<int>(end - begin));
    for (size_t i = begin; i < end; ++i) {
      sessions.GetToken(targets[i], absl::ZeroDuration(), {},
                        [&left](const absl::StatusOr<SessionPtr>&) { left.DecrementCount(); });
    }
    left.Wait();
  }
}

}  // namespace

nlohmann::json WeighSessions(int tenants, int accounts) {
  EventLoop loop(SystemClock(), "sessions");
  const TenantDirectory directory = SimulatedTenants(tenants, accounts);
  Metrics metrics(NamesOf(directory));
  SimulatedUpstream::Options options;
  options.lifetime = absl::Hours(1);
  SimulatedUpstream upstream(loop, options);
  const std::vector<Target> targets = TargetsOf(directory);

  const size_t heap_before = LiveHeapBytes();
  const size_t resident_before = ResidentBytes(getpid());
  SessionManager sessions({loop, upstream, SystemRandom(), metrics}, SessionPolicy{}, directory);
  const size_t heap_of_accounts = LiveHeapBytes() - heap_before;
  LogIn(sessions, targets);
  size_t handed_out = 0;
  for (const Target& target : targets) {
    const SessionPtr session = sessions.Peek(target, absl::ZeroDuration(), {});
    if (session != nullptr && TokenAnswer(*session).size() > 0) ++handed_out;
  }
  const nlohmann::json found = {{"sessions", handed_out},
                                {"heap_bytes", LiveHeapBytes() - heap_before},
                                {"heap_bytes_of_accounts", heap_of_accounts},
                                {"resident_bytes", ResidentBytes(getpid()) - resident_before},
                                {"token_bytes", options.token_bytes + options.refresh_token_bytes}};
  loop.Stop();
  return found;
}

nlohmann::json RefreshSteadily(int tenants, int accounts, int minutes, bool at_once) {
  ManualLoop loop;
  const TenantDirectory directory = SimulatedTenants(tenants, accounts);
  Metrics metrics(NamesOf(directory));
  SimulatedUpstream::Options options;
  options.latency = absl::Milliseconds(50);
  SimulatedUpstream upstream(loop, options);
  SessionManager sessions({loop, upstream, SystemRandom(), metrics}, SessionPolicy{}, directory);

  const std::vector<Target> targets = TargetsOf(directory);
  const size_t seconds = at_once ? 1 : kPeriodSeconds;
  for (size_t second = 0; second < seconds; ++second) {
    for (size_t i = second; i < targets.size(); i += seconds) {
      sessions.GetToken(targets[i], absl::ZeroDuration(), {},
                        [](const absl::StatusOr<SessionPtr>&) {});
    }
    loop.Advance(absl::Seconds(1));
  }
  // Past the first refresh of all.
  loop.Advance(absl::Seconds(kPeriodSeconds + kPeriodSeconds / 4));

  upstream.ForgetSeconds();
  const uint64_t refreshes_before = upstream.refreshes();
  const absl::Duration cpu_before = CpuOf(getpid());
  loop.Advance(absl::Minutes(minutes));
  const double cpu = absl::ToDoubleSeconds(CpuOf(getpid()) - cpu_before);
  const uint64_t refreshes = upstream.refreshes() - refreshes_before;
  int busiest = 0;
  for (const auto& [second, count] : upstream.refreshes_by_second()) {
    busiest = std::max(busiest, count);
  }
  return {{"sessions", targets.size()},  {"simulated_seconds", minutes * 60},
          {"cpu_seconds", cpu},          {"refreshes", refreshes},
          {"logins", upstream.logins()}, {"busiest_second", busiest}};
}

}  // namespace credbroker
