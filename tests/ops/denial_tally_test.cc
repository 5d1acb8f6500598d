#include "service/ops/denial_tally.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/fakes/fake_audit.h"

namespace credbroker {
namespace {

constexpr int kLines = DenialTally::kLinesPerCaller;

AuditEvent Denial(const std::string& principal, const std::string& peer = "ipv4:127.0.0.1:1") {
  AuditEvent event;
  event.kind = AuditKind::kDenied;
  event.principal = principal;
  event.peer = peer;
  event.tenant = "acme";
  event.outcome = "refused";
  event.reason = "CALLER_NOT_ALLOWED";
  return event;
}

TEST(DenialTally, AFloodIsAFewLinesAndOneSum) {
  FakeAudit audit;
  DenialTally tally(audit);
  for (int i = 0; i < 1000; ++i) tally.Note(Denial("flooder"));
  EXPECT_EQ(audit.events().size(), static_cast<size_t>(kLines));
  EXPECT_EQ(audit.events().back().tenant, "acme");
  tally.SumUp();
  ASSERT_EQ(audit.events().size(), static_cast<size_t>(kLines + 1));
  const AuditEvent sum = audit.events().back();
  EXPECT_EQ(sum.kind, AuditKind::kDenied);
  EXPECT_EQ(sum.principal, "flooder");
  EXPECT_EQ(sum.count, static_cast<uint64_t>(1000 - kLines));
  EXPECT_EQ(sum.outcome, "refused");
  EXPECT_EQ(sum.reason, "CALLER_NOT_ALLOWED");
  EXPECT_EQ(sum.tenant, "");
}

TEST(DenialTally, ASumDoesNotCostTheOthersTheirLines) {
  FakeAudit audit;
  DenialTally tally(audit);
  for (int i = 0; i < 1000; ++i) tally.Note(Denial("flooder"));
  tally.Note(Denial("other"));
  EXPECT_EQ(audit.events().back().principal, "other");
}

TEST(DenialTally, AfterASumTheCallerHasItsLinesAgainAndNothingIsCountedTwice) {
  FakeAudit audit;
  DenialTally tally(audit);
  for (int i = 0; i < kLines + 1; ++i) tally.Note(Denial("caller"));
  tally.SumUp();
  tally.Note(Denial("caller"));
  tally.SumUp();
  EXPECT_EQ(audit.events().size(), static_cast<size_t>(kLines + 2));
  EXPECT_EQ(audit.events().back().count, 1u);
  EXPECT_EQ(audit.events().back().tenant, "acme");
}

TEST(DenialTally, WhoIsUnknownIsToldApartByHostNotByPort) {
  FakeAudit audit;
  DenialTally tally(audit);
  for (int i = 0; i < 2 * kLines; ++i) tally.Note(Denial("", absl::StrCat("ipv4:10.0.0.1:", i)));
  tally.Note(Denial("", "ipv4:10.0.0.2:1"));
  EXPECT_EQ(audit.events().size(), static_cast<size_t>(kLines + 1));
  tally.SumUp();
  EXPECT_EQ(audit.events().back().peer, "ipv4:10.0.0.1");
  EXPECT_EQ(audit.events().back().count, static_cast<uint64_t>(kLines));
}

TEST(DenialTally, MoreCallersThanItKnowsAreCountedTogether) {
  FakeAudit audit;
  DenialTally tally(audit);
  for (size_t i = 0; i < DenialTally::kMostCallers + 50; ++i) {
    tally.Note(Denial(absl::StrCat("caller-", i)));
  }
  EXPECT_EQ(audit.events().size(), DenialTally::kMostCallers);
  tally.SumUp();
  ASSERT_EQ(audit.events().size(), DenialTally::kMostCallers + 1);
  EXPECT_EQ(audit.events().back().count, 50u);
  EXPECT_EQ(audit.events().back().principal, "");
}

TEST(DenialTally, NothingIsKeptWhileNothingIsRecorded) {
  FakeAudit audit;
  audit.Turn(false);
  DenialTally tally(audit);
  for (int i = 0; i < 100; ++i) tally.Note(Denial("caller"));
  audit.Turn(true);
  tally.SumUp();
  EXPECT_TRUE(audit.events().empty());
}

}  // namespace
}  // namespace credbroker
