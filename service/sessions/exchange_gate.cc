#include "service/sessions/exchange_gate.h"

#include <utility>

namespace credbroker {

ExchangeGate::Ticket ExchangeGate::Enter(absl::string_view tenant, ExchangeKind kind, bool urgent,
                                         absl::AnyInvocable<void()> start) {
  const Ticket ticket = ++last_;
  const std::string name(tenant);
  Tenant& entry = tenants_[name];
  (urgent ? entry.urgent : entry.background)
      .Of(kind)
      .emplace(ticket, Waiting{kind, std::move(start)});
  waiting_.emplace(ticket, Place{name, kind});
  if (!std::exchange(entry.in_turn, true)) turns_.push_back(name);
  Dispatch();
  return ticket;
}

void ExchangeGate::Promote(Ticket ticket) {
  const auto found = waiting_.find(ticket);
  if (found == waiting_.end()) return;
  const auto& [name, kind] = found->second;
  Tenant& tenant = tenants_[name];
  auto waiting = tenant.background.Of(kind).extract(ticket);
  if (!waiting.empty()) tenant.urgent.Of(kind).insert(std::move(waiting));
}

bool ExchangeGate::Withdraw(Ticket ticket) {
  const auto found = waiting_.find(ticket);
  if (found == waiting_.end()) return false;
  const auto& [name, kind] = found->second;
  Tenant& tenant = tenants_[name];
  tenant.urgent.Of(kind).erase(ticket);
  tenant.background.Of(kind).erase(ticket);
  waiting_.erase(found);
  return true;
}

void ExchangeGate::Leave(Ticket ticket) {
  const auto found = running_.find(ticket);
  if (found == running_.end()) return;
  if (found->second.kind == ExchangeKind::kRefresh) --tenants_[found->second.tenant].refreshing;
  running_.erase(found);
  Dispatch();
}

void ExchangeGate::Dispatch() {
  // An exchange that starts may enter or leave for another: the loop below sees to those.
  if (dispatching_) return;
  dispatching_ = true;
  size_t without_luck = 0;
  while (running() < overall_ && without_luck < turns_.size()) {
    const std::string name = std::move(turns_.front());
    turns_.pop_front();
    Tenant& tenant = tenants_[name];
    if (tenant.urgent.empty() && tenant.background.empty()) {
      tenant.in_turn = false;
      continue;
    }
    turns_.push_back(name);
    without_luck = StartOne(name, tenant) ? 0 : without_luck + 1;
  }
  dispatching_ = false;
}

bool ExchangeGate::StartOne(const std::string& name, Tenant& tenant) {
  return StartFrom(tenant.urgent, name, tenant) || StartFrom(tenant.background, name, tenant);
}

bool ExchangeGate::StartFrom(Line& line, const std::string& name, Tenant& tenant) {
  const bool may_refresh = tenant.refreshing < refreshes_ && !line.refreshes.empty();
  if (!may_refresh && line.others.empty()) return false;
  const bool refresh_is_next =
      may_refresh &&
      (line.others.empty() || line.refreshes.begin()->first < line.others.begin()->first);
  auto next = (refresh_is_next ? line.refreshes : line.others)
                  .extract((refresh_is_next ? line.refreshes : line.others).begin());
  if (refresh_is_next) ++tenant.refreshing;
  waiting_.erase(next.key());
  running_.emplace(next.key(), Place{name, next.mapped().kind});
  next.mapped().start();
  return true;
}

}  // namespace credbroker
