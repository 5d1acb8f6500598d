#ifndef CREDBROKER_SERVICE_SESSIONS_EXCHANGE_GATE_H_
#define CREDBROKER_SERVICE_SESSIONS_EXCHANGE_GATE_H_

#include <cstdint>
#include <list>
#include <string>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"

namespace credbroker {

enum class ExchangeKind { kLogin, kRefresh, kLogout };

// Lets only so many exchanges with upstream run at once: `overall` in all, and `refreshes`
// refreshes of one tenant. Tenants are served in turn, so that one with much to do delays only
// itself; within a tenant those that somebody waits for come first, then the oldest.
//
// Lives on the loop.
class ExchangeGate {
 public:
  // Names an exchange that waits or runs. Zero is none.
  using Ticket = uint64_t;

  ExchangeGate(int overall, int refreshes) : overall_(overall), refreshes_(refreshes) {}

  // Calls `start` as soon as there is room, perhaps at once. Every exchange that has started must
  // Leave.
  Ticket Enter(absl::string_view tenant, ExchangeKind kind, bool urgent,
               absl::AnyInvocable<void()> start);

  // Somebody waits for it now. Harmless if it has started.
  void Promote(Ticket ticket);

  // Forgets an exchange that has not started. False if it has: then it must Leave.
  bool Withdraw(Ticket ticket);

  // It is over.
  void Leave(Ticket ticket);

  int running() const { return static_cast<int>(running_.size()); }

 private:
  struct Waiting {
    ExchangeKind kind;
    absl::AnyInvocable<void()> start;
  };
  // By ticket, so the oldest comes first. Refreshes stand apart, since they may have to wait
  // although the others need not.
  struct Line {
    absl::btree_map<Ticket, Waiting> refreshes;
    absl::btree_map<Ticket, Waiting> others;
    bool empty() const { return refreshes.empty() && others.empty(); }
    absl::btree_map<Ticket, Waiting>& Of(ExchangeKind kind) {
      return kind == ExchangeKind::kRefresh ? refreshes : others;
    }
  };
  struct Tenant {
    Line urgent;
    Line background;
    int refreshing = 0;
    bool in_turn = false;
  };

  void Dispatch();
  bool StartOne(const std::string& name, Tenant& tenant);
  bool StartFrom(Line& line, const std::string& name, Tenant& tenant);

  const int overall_;
  const int refreshes_;
  Ticket last_ = 0;
  bool dispatching_ = false;
  absl::flat_hash_map<std::string, Tenant> tenants_;
  // The tenants that have somebody waiting, next one first.
  std::list<std::string> turns_;
  struct Place {
    std::string tenant;
    ExchangeKind kind;
  };
  absl::flat_hash_map<Ticket, Place> waiting_;
  absl::flat_hash_map<Ticket, Place> running_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_EXCHANGE_GATE_H_
