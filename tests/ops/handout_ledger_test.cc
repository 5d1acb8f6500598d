#include "service/ops/handout_ledger.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "service/model/failure.h"
#include "tests/fakes/fake_audit.h"

namespace credbroker {
namespace {

class HandoutLedgerTest : public testing::Test {
 protected:
  static std::shared_ptr<const Session> MakeSession(uint64_t generation) {
    auto session = std::make_shared<Session>();
    session->access_token = Secret::Copy("canary-access-token");
    session->generation = generation;
    return session;
  }
  static Recipient To(const std::string& principal, const std::string& account = "one") {
    return {principal, "ipv4:127.0.0.1:1", "GetToken", {"acme", account}};
  }
  // "ok" or a reason once it is known.
  std::shared_ptr<std::string> Record(const std::string& principal,
                                      const std::string& account = "one") {
    auto result = std::make_shared<std::string>();
    ledger_.Record(*session_, To(principal, account), [result](const absl::Status& status) {
      *result = status.ok() ? "ok" : std::string(ReasonName(*ReasonOf(status)));
    });
    return result;
  }
  std::vector<AuditEvent> SumUp() {
    ledger_.SumUp();
    return audit_.events(AuditKind::kTokenReissued);
  }

  FakeAudit audit_;
  HandoutLedger ledger_{audit_};
  std::shared_ptr<const Session> session_ = MakeSession(7);
};

TEST_F(HandoutLedgerTest, TheFirstHandOutIsWrittenAndSaysWhatAndToWhom) {
  EXPECT_FALSE(ledger_.Repeats(*session_, "a"));
  EXPECT_EQ(*Record("a"), "ok");
  ASSERT_EQ(audit_.events().size(), 1u);
  const AuditEvent issued = audit_.events().front();
  EXPECT_EQ(issued.kind, AuditKind::kTokenIssued);
  EXPECT_EQ(issued.principal, "a");
  EXPECT_EQ(issued.peer, "ipv4:127.0.0.1:1");
  EXPECT_EQ(issued.rpc, "GetToken");
  EXPECT_EQ(issued.tenant, "acme");
  EXPECT_EQ(issued.account, "one");
  EXPECT_EQ(issued.generation, 7u);
  // printf canary-access-token | sha256sum
  EXPECT_EQ(issued.token_fingerprint, "7d3e408d0a33d22f");
  EXPECT_EQ(issued.outcome, "ok");
  EXPECT_EQ(issued.count, 1u);
}

TEST_F(HandoutLedgerTest, ACallersOwnAccountIsNotNamedByItsAddress) {
  Record("a", "jane@acme.example");
  EXPECT_THAT(audit_.events().front().account, testing::MatchesRegex("caller-[0-9a-f]{8}"));
}

TEST_F(HandoutLedgerTest, NothingIsHandedOutBeforeTheLineIsWritten) {
  audit_.Hold();
  const auto first = Record("a");
  EXPECT_EQ(*first, "");
  EXPECT_FALSE(ledger_.Repeats(*session_, "a"));
  audit_.Release();
  EXPECT_EQ(*first, "ok");
  EXPECT_TRUE(ledger_.Repeats(*session_, "a"));
}

TEST_F(HandoutLedgerTest, WhoComesMeanwhileSharesTheLineAndCountsAsARepeat) {
  audit_.Hold();
  const auto first = Record("a");
  const auto second = Record("a");
  const auto third = Record("a");
  EXPECT_EQ(audit_.held(), 1u);
  audit_.Release();
  EXPECT_EQ(*first, "ok");
  EXPECT_EQ(*second, "ok");
  EXPECT_EQ(*third, "ok");
  EXPECT_EQ(audit_.events().size(), 1u);
  ASSERT_EQ(SumUp().size(), 1u);
  EXPECT_EQ(SumUp().front().count, 2u);
}

TEST_F(HandoutLedgerTest, EachPrincipalAndEachGenerationHasALineOfItsOwn) {
  Record("a");
  EXPECT_FALSE(ledger_.Repeats(*session_, "b"));
  Record("b");
  session_ = MakeSession(8);
  EXPECT_FALSE(ledger_.Repeats(*session_, "a"));
  Record("a");
  EXPECT_EQ(audit_.events(AuditKind::kTokenIssued).size(), 3u);
}

TEST_F(HandoutLedgerTest, WhatCouldNotBeWrittenIsTriedAnewByTheNext) {
  audit_.Answer(Failure(Reason::kAuditUnavailable, "full"));
  EXPECT_EQ(*Record("a"), "AUDIT_UNAVAILABLE");
  EXPECT_FALSE(ledger_.Repeats(*session_, "a"));
  EXPECT_EQ(*Record("a"), "AUDIT_UNAVAILABLE");
  audit_.Answer(absl::OkStatus());
  EXPECT_EQ(*Record("a"), "ok");
  EXPECT_TRUE(ledger_.Repeats(*session_, "a"));
  EXPECT_EQ(audit_.events().size(), 1u);
}

TEST_F(HandoutLedgerTest, RepeatsAreSummedUpOnce) {
  Record("a");
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ledger_.Repeats(*session_, "a"));
  EXPECT_EQ(*Record("a"), "ok");
  ASSERT_EQ(SumUp().size(), 1u);
  const AuditEvent sum = SumUp().front();
  EXPECT_EQ(sum.count, 6u);
  EXPECT_EQ(sum.principal, "a");
  EXPECT_EQ(sum.generation, 7u);
  EXPECT_EQ(sum.token_fingerprint, audit_.events().front().token_fingerprint);
  EXPECT_EQ(sum.peer, "");
  EXPECT_EQ(sum.rpc, "");
  EXPECT_TRUE(ledger_.Repeats(*session_, "a"));
  EXPECT_EQ(SumUp().size(), 2u);
  EXPECT_EQ(SumUp().back().count, 1u);
}

TEST_F(HandoutLedgerTest, CountsOutliveTheSession) {
  Record("a");
  EXPECT_TRUE(ledger_.Repeats(*session_, "a"));
  session_ = MakeSession(8);
  ASSERT_EQ(SumUp().size(), 1u);
  EXPECT_EQ(SumUp().front().generation, 7u);
}

TEST_F(HandoutLedgerTest, CountsOutliveASinkThatFails) {
  Record("a");
  EXPECT_TRUE(ledger_.Repeats(*session_, "a"));
  audit_.Answer(Failure(Reason::kAuditUnavailable, "full"));
  bool summed = false;
  ledger_.SumUp([&] { summed = true; });
  EXPECT_TRUE(summed);
  EXPECT_TRUE(ledger_.Repeats(*session_, "a"));
  audit_.Answer(absl::OkStatus());
  ASSERT_EQ(SumUp().size(), 1u);
  EXPECT_EQ(SumUp().front().count, 2u);
}

TEST_F(HandoutLedgerTest, ManySumsAreAllWrittenAndThenTold) {
  constexpr int kPrincipals = 3000;
  for (int i = 0; i < kPrincipals; ++i) {
    Record(absl::StrCat("principal-", i));
    EXPECT_TRUE(ledger_.Repeats(*session_, absl::StrCat("principal-", i)));
  }
  bool summed = false;
  audit_.Hold();
  ledger_.SumUp([&] { summed = true; });
  EXPECT_LT(audit_.held(), 2000u);
  EXPECT_FALSE(summed);
  audit_.Release();
  EXPECT_TRUE(summed);
  EXPECT_EQ(audit_.events(AuditKind::kTokenReissued).size(), static_cast<size_t>(kPrincipals));
}

TEST_F(HandoutLedgerTest, WhileNothingIsRecordedEverybodyIsServedAndLaterRecordedAtFirst) {
  audit_.Turn(false);
  EXPECT_TRUE(ledger_.Repeats(*session_, "a"));
  EXPECT_EQ(*Record("a"), "ok");
  audit_.Turn(true);
  EXPECT_FALSE(ledger_.Repeats(*session_, "a"));
  EXPECT_EQ(*Record("a"), "ok");
  EXPECT_EQ(audit_.events().size(), 1u);
}

TEST_F(HandoutLedgerTest, ThreadsLoseNoCount) {
  constexpr int kThreads = 4;
  constexpr int kEach = 20'000;
  std::atomic<int> served = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        const std::string principal = absl::StrCat("principal-", i % 50);
        if (ledger_.Repeats(*session_, principal)) {
          ++served;
        } else {
          ledger_.Record(*session_, To(principal), [&](const absl::Status&) { ++served; });
        }
        if (i % 1000 == 0) ledger_.SumUp();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ledger_.SumUp();
  EXPECT_EQ(served, kThreads * kEach);
  uint64_t recorded = 0;
  for (const AuditEvent& event : audit_.events()) recorded += event.count;
  EXPECT_EQ(recorded, static_cast<uint64_t>(kThreads * kEach));
  EXPECT_EQ(audit_.events(AuditKind::kTokenIssued).size(), 50u);
}

}  // namespace
}  // namespace credbroker
