#include <string>
#include <vector>

#include "tests/api/api_fixture.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;

class ListSessionsTest : public ApiFixture {
 protected:
  static v1::ListSessionsRequest Page(int size, const std::string& token = "",
                                      const std::string& tenant = "") {
    v1::ListSessionsRequest request;
    request.set_page_size(size);
    request.set_page_token(token);
    request.set_tenant(tenant);
    return request;
  }
  static std::vector<std::string> Names(const v1::ListSessionsResponse& response) {
    std::vector<std::string> names;
    for (const v1::Session& session : response.sessions()) {
      names.push_back(session.tenant() + "/" + session.account());
    }
    return names;
  }
};

TEST_F(ListSessionsTest, EveryAccountIsShownInOrder) {
  const auto outcome = ListSessions({});
  ASSERT_TRUE(outcome.ok()) << outcome.status.error_message();
  EXPECT_THAT(Names(outcome.response), ElementsAre("acme/one", "acme/two", "beta/main"));
  EXPECT_EQ(outcome.response.next_page_token(), "");
}

TEST_F(ListSessionsTest, OneTenantOnly) {
  EXPECT_THAT(Names(ListSessions(Page(0, "", "acme")).response),
              ElementsAre("acme/one", "acme/two"));
}

TEST_F(ListSessionsTest, PagesFollowOneAnother) {
  const auto first = ListSessions(Page(2));
  EXPECT_THAT(Names(first.response), ElementsAre("acme/one", "acme/two"));
  ASSERT_NE(first.response.next_page_token(), "");
  const auto second = ListSessions(Page(2, first.response.next_page_token()));
  EXPECT_THAT(Names(second.response), ElementsAre("beta/main"));
  EXPECT_EQ(second.response.next_page_token(), "");
}

TEST_F(ListSessionsTest, AFullLastPageIsTheLast) {
  EXPECT_EQ(ListSessions(Page(3)).response.next_page_token(), "");
  EXPECT_THAT(ListSessions(Page(INT32_MAX)).response.sessions_size(), 3);
}

TEST_F(ListSessionsTest, APageTokenIsForItsTenantOnly) {
  const std::string all = ListSessions(Page(1)).response.next_page_token();
  const std::string acme = ListSessions(Page(1, "", "acme")).response.next_page_token();
  ASSERT_NE(acme, "");
  EXPECT_THAT(Names(ListSessions(Page(1, acme, "acme")).response), ElementsAre("acme/two"));
  for (const auto& request : {Page(1, acme), Page(1, acme, "beta"), Page(1, all, "acme"),
                              Page(1, "no token"), Page(1, acme.substr(1), "acme")}) {
    const auto outcome = ListSessions(request);
    EXPECT_EQ(outcome.code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(outcome.reason(), "INVALID_FIELD");
  }
  EXPECT_EQ(Counted("ListSessions", "INVALID_ARGUMENT"), 5);
}

TEST_F(ListSessionsTest, ANegativePageIsAnInvalidField) {
  EXPECT_EQ(ListSessions(Page(-1)).reason(), "INVALID_FIELD");
}

TEST_F(ListSessionsTest, AnUnknownTenantIsNotFound) {
  EXPECT_EQ(ListSessions(Page(0, "", "nobody")).reason(), "TENANT_UNKNOWN");
}

TEST_F(ListSessionsTest, ASessionIsShownWithoutItsSecrets) {
  ASSERT_TRUE(GetToken().ok());
  const auto outcome = ListSessions(Page(0, "", "acme"));
  const v1::Session& one = outcome.response.sessions(0);
  EXPECT_EQ(one.state(), v1::SESSION_STATE_LIVE);
  EXPECT_EQ(one.generation(), 1);
  EXPECT_TRUE(one.has_login_time());
  EXPECT_EQ(outcome.response.sessions(1).state(), v1::SESSION_STATE_ABSENT);
  EXPECT_FALSE(outcome.response.sessions(1).has_login_time());
  const std::string bytes = outcome.response.SerializeAsString();
  EXPECT_EQ(bytes.find("access-1"), std::string::npos);
  EXPECT_EQ(bytes.find("refresh-1"), std::string::npos);
}

}  // namespace
}  // namespace credbroker
