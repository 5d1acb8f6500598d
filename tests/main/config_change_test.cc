#include "service/main/config_change.h"

#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(FieldsThatNeedARestart, AreNamed) {
  const Config started;
  EXPECT_THAT(FieldsThatNeedARestart(started, started), IsEmpty());
  Config next;
  next.server.listen = {"127.0.0.1", 1};
  next.server.tls.emplace();
  next.server.reflection = true;
  next.server.max_connection_age = absl::Minutes(1);
  next.admin.emplace();
  next.kubernetes.emplace();
  next.sessions.max_sessions = 1;
  next.connection_limits.connections = 1;
  EXPECT_THAT(
      FieldsThatNeedARestart(started, next),
      ElementsAre("server.listen", "server.tls", "server.reflection", "server.max_connection_age",
                  "admin", "callers.kubernetes", "sessions", "limits"));
}

TEST(FieldsThatNeedARestart, WhetherCertificatesAreAskedForIsSettled) {
  Config started;
  started.server.tls = TlsFiles{"a", "b", "c"};
  Config next = started;
  next.server.tls->client_ca_file = "";
  EXPECT_THAT(FieldsThatNeedARestart(started, next), ElementsAre("server.tls.client_ca_file"));
  EXPECT_THAT(FieldsThatNeedARestart(next, started), ElementsAre("server.tls.client_ca_file"));
}

TEST(FieldsThatNeedARestart, OthersDoNot) {
  Config started;
  started.server.tls = TlsFiles{"a", "b", "c"};
  Config next = started;
  next.server.tls->certificate_file = "d";
  next.server.drain_delay = absl::Seconds(1);
  next.server.drain_grace = absl::Seconds(1);
  next.tenants.emplace_back();
  next.operators.emplace();
  EXPECT_THAT(FieldsThatNeedARestart(started, next), IsEmpty());
}

TEST(DirectoryOf, KeepsTheTenantsThatAreAsTheyWere) {
  Tenant one;
  one.name = "one";
  Tenant two;
  two.name = "two";
  const auto before = DirectoryOf({one, two}, TenantDirectory({}));
  two.accounts.push_back({"a", "a@two.example", "", "p"});
  Tenant three;
  three.name = "three";
  const auto after = DirectoryOf({three, one, two}, *before);
  EXPECT_EQ(after->Find("one"), before->Find("one"));
  ASSERT_NE(after->Find("two"), before->Find("two"));
  EXPECT_EQ(*after->Find("two"), two);
  EXPECT_EQ(*after->Find("three"), three);
  EXPECT_THAT(NamesOf({three, one}), ElementsAre("three", "one"));
}

}  // namespace
}  // namespace credbroker
