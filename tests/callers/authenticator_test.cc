#include "service/callers/authenticator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/callers/authorizer.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

TEST(LoopbackAuthenticatorTest, PeerOnThisMachineIsLocal) {
  for (const char* peer : {"ipv4:127.0.0.1:4711", "ipv4:127.9.9.9:1", "ipv6:[::1]:4711"}) {
    const auto caller = LoopbackAuthenticator(false).Identify({peer});
    ASSERT_TRUE(caller.ok()) << peer;
    EXPECT_THAT(caller->principals, testing::ElementsAre(kLocalPrincipal)) << peer;
  }
}

TEST(LoopbackAuthenticatorTest, PeerFromElsewhereIsNobody) {
  for (const char* peer : {"ipv4:10.0.0.1:4711", "ipv4:1.127.0.1:1", "ipv6:[::2]:1", "unix:", ""}) {
    EXPECT_EQ(ReasonOf(LoopbackAuthenticator(false).Identify({peer}).status()),
              Reason::kCallerUnidentified)
        << peer;
  }
}

TEST(LoopbackAuthenticatorTest, EveryoneIsLocalWhereNobodyElseGetsIn) {
  EXPECT_EQ(LoopbackAuthenticator(/*only_local=*/false).Everyone(), nullptr);
  const LoopbackAuthenticator authenticator(/*only_local=*/true);
  ASSERT_NE(authenticator.Everyone(), nullptr);
  EXPECT_THAT(authenticator.Everyone()->principals, testing::ElementsAre(kLocalPrincipal));
}

}  // namespace
}  // namespace credbroker
