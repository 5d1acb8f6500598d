#include "tests/simulation/shrink.h"

#include <algorithm>
#include <utility>

namespace credbroker::simulation {
namespace {

using Fails = absl::FunctionRef<bool(const Schedule&)>;

bool TakeIf(Schedule& schedule, Schedule candidate, Fails fails) {
  if (!fails(candidate)) return false;
  schedule = std::move(candidate);
  return true;
}

// Takes away runs of actions, long ones first.
bool Shorten(Schedule& schedule, Fails fails) {
  bool shorter = false;
  for (size_t length = schedule.actions.size(); length > 0; length /= 2) {
    for (size_t from = 0; from < schedule.actions.size();) {
      Schedule candidate = schedule;
      auto& actions = candidate.actions;
      const size_t to = std::min(from + length, actions.size());
      actions.erase(actions.begin() + static_cast<ptrdiff_t>(from),
                    actions.begin() + static_cast<ptrdiff_t>(to));
      if (TakeIf(schedule, std::move(candidate), fails)) {
        shorter = true;
      } else {
        from += length;
      }
    }
  }
  return shorter;
}

bool SimplifyActions(Schedule& schedule, Fails fails) {
  bool simpler = false;
  for (size_t i = 0; i < schedule.actions.size(); ++i) {
    for (uint8_t Action::*const part : {&Action::account, &Action::a, &Action::b}) {
      if (schedule.actions[i].*part == 0) continue;
      Schedule candidate = schedule;
      candidate.actions[i].*part = 0;
      simpler = TakeIf(schedule, std::move(candidate), fails) || simpler;
    }
  }
  return simpler;
}

template <typename T>
void TrySetting(Schedule& schedule, T Setting::*part, T plain, Fails fails) {
  if (schedule.setting.*part == plain) return;
  Schedule candidate = schedule;
  candidate.setting.*part = std::move(plain);
  TakeIf(schedule, std::move(candidate), fails);
}

void SimplifySetting(Schedule& schedule, Fails fails) {
  TrySetting(schedule, &Setting::any_order, false, fails);
  TrySetting(schedule, &Setting::any_latency, false, fails);
  TrySetting(schedule, &Setting::jitter, std::optional<double>(0.5), fails);
  TrySetting(schedule, &Setting::refresh_at, std::optional<double>(), fails);
  TrySetting(schedule, &Setting::upstream_concurrency, 2048, fails);
  TrySetting(schedule, &Setting::refresh_concurrency, 64, fails);
  TrySetting(schedule, &Setting::max_sessions, size_t{100}, fails);
  TrySetting(schedule, &Setting::idle_timeout, absl::Hours(24), fails);
  TrySetting(schedule, &Setting::request_timeout, absl::Seconds(10), fails);
  TrySetting(schedule, &Setting::lifetime, absl::Minutes(5), fails);
  for (size_t i = 0;
       schedule.setting.accounts.size() > 1 && i < schedule.setting.accounts.size();) {
    std::vector<size_t> fewer = schedule.setting.accounts;
    fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
    const size_t before = schedule.setting.accounts.size();
    TrySetting(schedule, &Setting::accounts, std::move(fewer), fails);
    if (schedule.setting.accounts.size() == before) ++i;
  }
}

}  // namespace

Schedule Shrink(Schedule schedule, Fails fails) {
  do {
    Shorten(schedule, fails);
    SimplifySetting(schedule, fails);
  } while (SimplifyActions(schedule, fails));
  return schedule;
}

}  // namespace credbroker::simulation
