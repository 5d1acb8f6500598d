#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/api/api_fixture.h"
#include "tests/api/token_watch.h"

namespace credbroker {
namespace {

constexpr absl::Duration kTokenLifetime = absl::Seconds(100);

// "good" is a token of "k8s:a/b", for a while yet.
class OneToken : public BearerTokens {
 public:
  absl::StatusOr<Caller> Verify(absl::string_view token, absl::Time now) const override {
    if (token != "good") return Failure(Reason::kCallerUnidentified, "the token does not count");
    return Caller{{"k8s:a/b"}, "", now + kTokenLifetime};
  }
};

class IdentityTest : public ApiFixture {
 protected:
  IdentityTest() {
    bearer_tokens_ = &tokens_;
    Serve({});
  }

  Outcome<v1::GetTokenResponse> GetTokenWith(const std::vector<std::string>& authorization) {
    grpc::ClientContext context;
    for (const std::string& sent : authorization) context.AddMetadata("authorization", sent);
    Outcome<v1::GetTokenResponse> outcome;
    outcome.status = stub_->GetToken(&context, TokenRequest(), &outcome.response);
    return outcome;
  }

  const OneToken tokens_;
};

TEST_F(IdentityTest, Row35TokenThatDoesNotCountIsRefusedWhetherOrNotThereIsAHit) {
  for (int i = 0; i < 2; ++i) {
    const Refusal refusal = RefusalIn(GetTokenWith({"Bearer bad"}).status);
    EXPECT_EQ(refusal.code, grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(refusal.reason, "CALLER_UNIDENTIFIED");
    EXPECT_EQ(GetTokenWith({"Bearer good", "Bearer good"}).status.error_code(),
              grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(GetTokenWith({"Bearer good"}).response.token().access_token(), "access-1");
  }
}

TEST_F(IdentityTest, EachCallOfAConnectionShowsItsOwnToken) {
  EXPECT_TRUE(GetTokenWith({"Bearer good"}).status.ok());
  EXPECT_FALSE(GetTokenWith({"Bearer bad"}).status.ok());
  EXPECT_TRUE(GetTokenWith({}).status.ok());
}

TEST_F(IdentityTest, WatchEndsWhenTheTokenThatOpenedItExpires) {
  TokenWatch watch(*stub_, "one", "acme", "Bearer good");
  TokenWatch other(*stub_);
  ASSERT_EQ(watch.NextToken(), "access-1");
  ASSERT_EQ(other.NextToken(), "access-1");
  Step(kTokenLifetime);
  const Refusal refusal = RefusalIn(watch.End());
  EXPECT_EQ(refusal.code, grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(refusal.reason, "CALLER_UNIDENTIFIED");
  // It goes on for whom nothing expires.
  Step(absl::Seconds(101));
  EXPECT_EQ(other.NextToken(), "access-2");
}

}  // namespace
}  // namespace credbroker
