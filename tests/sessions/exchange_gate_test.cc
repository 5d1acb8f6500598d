#include "service/sessions/exchange_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace credbroker {
namespace {

using testing::ElementsAre;

class ExchangeGateTest : public testing::Test {
 protected:
  ExchangeGate::Ticket Enter(ExchangeGate& gate, const std::string& tenant, ExchangeKind kind,
                             const std::string& name, bool urgent = true) {
    return gate.Enter(tenant, kind, urgent, [this, name] { started_.push_back(name); });
  }
  std::vector<std::string> started_;
};

TEST_F(ExchangeGateTest, StartsAtOnceWhileThereIsRoom) {
  ExchangeGate gate(2, 1);
  Enter(gate, "a", ExchangeKind::kLogin, "a1");
  Enter(gate, "a", ExchangeKind::kLogin, "a2");
  Enter(gate, "a", ExchangeKind::kLogin, "a3");
  EXPECT_THAT(started_, ElementsAre("a1", "a2"));
  EXPECT_EQ(gate.running(), 2);
}

TEST_F(ExchangeGateTest, TenantWithMuchToDoDelaysOnlyItself) {
  ExchangeGate gate(1, 64);
  const auto first = Enter(gate, "greedy", ExchangeKind::kLogin, "g0");
  for (int i = 1; i < 5; ++i) Enter(gate, "greedy", ExchangeKind::kLogin, absl::StrCat("g", i));
  const auto modest = Enter(gate, "modest", ExchangeKind::kLogin, "m0");
  gate.Leave(first);
  gate.Leave(first + 1);
  EXPECT_THAT(started_, ElementsAre("g0", "g1", "m0"));
  gate.Leave(modest);
  EXPECT_THAT(started_, ElementsAre("g0", "g1", "m0", "g2"));
}

TEST_F(ExchangeGateTest, RefreshesOfOneTenantAreLimitedButItsLoginsPass) {
  ExchangeGate gate(10, 2);
  const auto first = Enter(gate, "a", ExchangeKind::kRefresh, "r1");
  Enter(gate, "a", ExchangeKind::kRefresh, "r2");
  Enter(gate, "a", ExchangeKind::kRefresh, "r3");
  Enter(gate, "a", ExchangeKind::kLogin, "l1");
  Enter(gate, "b", ExchangeKind::kRefresh, "other");
  EXPECT_THAT(started_, ElementsAre("r1", "r2", "l1", "other"));
  gate.Leave(first);
  EXPECT_THAT(started_, ElementsAre("r1", "r2", "l1", "other", "r3"));
}

TEST_F(ExchangeGateTest, WhoSomebodyWaitsForComesFirst) {
  ExchangeGate gate(1, 64);
  const auto running = Enter(gate, "a", ExchangeKind::kLogin, "running");
  Enter(gate, "a", ExchangeKind::kRefresh, "background", /*urgent=*/false);
  Enter(gate, "a", ExchangeKind::kRefresh, "urgent");
  gate.Leave(running);
  EXPECT_THAT(started_, ElementsAre("running", "urgent"));
}

TEST_F(ExchangeGateTest, PromotedExchangeOvertakesTheBackground) {
  ExchangeGate gate(1, 64);
  const auto running = Enter(gate, "a", ExchangeKind::kLogin, "running");
  Enter(gate, "a", ExchangeKind::kRefresh, "first", /*urgent=*/false);
  const auto second = Enter(gate, "a", ExchangeKind::kRefresh, "second", /*urgent=*/false);
  gate.Promote(second);
  gate.Leave(running);
  EXPECT_THAT(started_, ElementsAre("running", "second"));
}

TEST_F(ExchangeGateTest, WithdrawnExchangeNeverStarts) {
  ExchangeGate gate(1, 64);
  const auto running = Enter(gate, "a", ExchangeKind::kLogin, "running");
  const auto waiting = Enter(gate, "a", ExchangeKind::kLogin, "waiting");
  EXPECT_TRUE(gate.Withdraw(waiting));
  EXPECT_FALSE(gate.Withdraw(running));
  gate.Leave(running);
  EXPECT_THAT(started_, ElementsAre("running"));
  EXPECT_EQ(gate.running(), 0);
}

TEST_F(ExchangeGateTest, ExchangeThatEntersAnotherAsItStartsLosesNothing) {
  ExchangeGate gate(2, 64);
  gate.Enter("a", ExchangeKind::kLogin, true, [&] {
    started_.push_back("outer");
    Enter(gate, "b", ExchangeKind::kLogin, "inner");
  });
  EXPECT_THAT(started_, ElementsAre("outer", "inner"));
}

TEST_F(ExchangeGateTest, TenThousandWaitingRefreshesAreStartedInOrder) {
  ExchangeGate gate(2048, 1);
  std::vector<ExchangeGate::Ticket> tickets;
  for (int i = 0; i < 10'000; ++i) {
    tickets.push_back(Enter(gate, "a", ExchangeKind::kRefresh, absl::StrCat(i)));
  }
  for (const auto ticket : tickets) gate.Leave(ticket);
  ASSERT_EQ(started_.size(), 10'000u);
  EXPECT_EQ(started_[9'999], "9999");
}

}  // namespace
}  // namespace credbroker
