#include "service/ops/readiness.h"

#include "gtest/gtest.h"

namespace credbroker {
namespace {

TEST(ReadinessTest, NothingNamedIsReady) { EXPECT_TRUE(Readiness().Get().ready); }

TEST(ReadinessTest, OneFailingConditionIsEnough) {
  Readiness readiness;
  readiness.SetOk("config");
  readiness.SetFailing("store", "not read yet");
  readiness.SetOk("serving");
  EXPECT_FALSE(readiness.Get().ready);
  readiness.SetOk("store");
  EXPECT_TRUE(readiness.Get().ready);
}

TEST(ReadinessTest, ConditionsKeepTheirOrderAndTheLatestReason) {
  Readiness readiness;
  readiness.SetFailing("store", "not read yet");
  readiness.SetOk("config");
  readiness.SetFailing("store", "disk full");
  Readiness::Report report = readiness.Get();
  ASSERT_EQ(report.conditions.size(), 2u);
  EXPECT_EQ(report.conditions[0].name, "store");
  EXPECT_EQ(report.conditions[0].reason, "disk full");
  EXPECT_EQ(report.conditions[1].name, "config");

  readiness.SetOk("store");
  report = readiness.Get();
  ASSERT_EQ(report.conditions.size(), 2u);
  EXPECT_TRUE(report.conditions[0].ok);
  EXPECT_EQ(report.conditions[0].reason, "");
}

}  // namespace
}  // namespace credbroker
