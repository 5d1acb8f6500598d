#include "service/callers/authorizer.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/model/failure.h"

namespace credbroker {
namespace {

// Tenant "open" takes callers' passwords, "closed" does not; both have the accounts "first" and
// "second".
TenantDirectory Directory() {
  std::vector<std::shared_ptr<const Tenant>> tenants;
  for (const bool caller_passwords : {true, false}) {
    auto tenant = std::make_shared<Tenant>();
    tenant->name = caller_passwords ? "open" : "closed";
    tenant->caller_passwords = caller_passwords;
    tenant->accounts = {{"first", "first@x.example", "", ""},
                        {"second", "second@x.example", "", ""}};
    tenants.push_back(tenant);
  }
  return TenantDirectory(std::move(tenants));
}

const Caller kLocal{{kLocalPrincipal}, ""};
constexpr Rpc kAccountRpcs[] = {Rpc::kGetToken, Rpc::kLogin, Rpc::kRefresh, Rpc::kWatchToken,
                                Rpc::kLogout};

struct Row {
  const char* tenant;
  const char* account;
  bool has_password;
  // Either a refusal, or the account that is meant.
  std::optional<Reason> refused;
  const char* key = "";
};

const Row kTable[] = {
    {"open", "", false, std::nullopt, "first"},
    {"open", "second", false, std::nullopt, "second"},
    {"open", "third", false, Reason::kAccountUnknown},
    {"nobody", "first", false, Reason::kTenantUnknown},
    {"open", "SECOND@x.example", false, std::nullopt, "second"},
    {"open", "Own@x.example", false, std::nullopt, "own@x.example"},
    {"open", "@", false, Reason::kInvalidField},
    {"open", "\xef\xbd\x81@x.example", false, Reason::kInvalidField},
    {"closed", "own@x.example", false, Reason::kInvalidField},
    {"closed", "first@x.example", false, Reason::kInvalidField},
    {"open", "Own@x.example", true, std::nullopt, "own@x.example"},
    {"open", "first@x.example", true, Reason::kInvalidField},
    {"open", "\xef\xbd\x81@x.example", true, Reason::kInvalidField},
    {"open", "o\xc2\xadwn@x.example", true, Reason::kInvalidField},
    {"open", "own@x.ex\xc3\xa4mple", true, Reason::kInvalidField},
    {"open", "o\x7fwn@x.example", true, Reason::kInvalidField},
    {"open", "!~@x.example", true, std::nullopt, "!~@x.example"},
    {"open", "first", true, Reason::kInvalidField},
    {"open", "", true, Reason::kInvalidField},
    {"closed", "own@x.example", true, Reason::kCallerNotAllowed},
    {"closed", "first", true, Reason::kCallerNotAllowed},
};

TEST(AuthorizerTest, LocalIsAnOperatorEverywhereAndNamesMeanWhatTheTableSays) {
  const TenantDirectory directory = Directory();
  for (const Rpc rpc : kAccountRpcs) {
    for (const Row& row : kTable) {
      if (row.has_password && rpc != Rpc::kLogin) continue;
      const std::string shown = std::string(RpcName(rpc)) + " " + row.tenant + "/" + row.account;
      const auto access =
          Decide(kLocal, {rpc, row.tenant, row.account, row.has_password, false}, directory, {});
      EXPECT_EQ(ReasonOf(access.status()), row.refused) << shown;
      if (!access.ok()) continue;
      EXPECT_EQ(access->key, (AccountKey{row.tenant, row.key})) << shown;
      EXPECT_TRUE(access->is_operator) << shown;
    }
  }
}

TEST(AuthorizerTest, CallersOwnAddressIsKeptAsItWasWritten) {
  const auto access =
      Decide(kLocal, {Rpc::kLogin, "open", "Own@X.example", true, false}, Directory(), {});
  ASSERT_TRUE(access.ok());
  EXPECT_EQ(access->email, "Own@X.example");
}

TEST(AuthorizerTest, Row36InAPodLocalLearnsNothingAboutWhichTenantsExist) {
  const TenantDirectory directory = Directory();
  const AccessPolicy pod{/*in_kubernetes_pod=*/true};
  for (const Rpc rpc : kAccountRpcs) {
    const auto known = Decide(kLocal, {rpc, "open", "first", false, false}, directory, pod);
    const auto unknown = Decide(kLocal, {rpc, "nobody", "first", false, false}, directory, pod);
    EXPECT_EQ(ReasonOf(known.status()), Reason::kCallerNotAllowed);
    EXPECT_EQ(known.status(), unknown.status());
  }
}

TEST(AuthorizerTest, ListingNeedsAnOperatorAndAKnownTenantOrNone) {
  const TenantDirectory directory = Directory();
  EXPECT_TRUE(Decide(kLocal, {Rpc::kListSessions, "", "", false, false}, directory, {}).ok());
  EXPECT_TRUE(Decide(kLocal, {Rpc::kListSessions, "open", "", false, false}, directory, {}).ok());
  EXPECT_EQ(
      ReasonOf(
          Decide(kLocal, {Rpc::kListSessions, "nobody", "", false, false}, directory, {}).status()),
      Reason::kTenantUnknown);
  EXPECT_EQ(
      ReasonOf(
          Decide(kLocal, {Rpc::kListSessions, "", "", false, false}, directory, {true}).status()),
      Reason::kCallerNotAllowed);
}

TEST(AuthorizerTest, WhoeverHasNoPrincipalIsUnidentified) {
  EXPECT_EQ(
      ReasonOf(
          Decide(Caller{}, {Rpc::kGetToken, "open", "", false, false}, Directory(), {}).status()),
      Reason::kCallerUnidentified);
}

TEST(AuthorizerTest, StrangerIsNotAllowed) {
  EXPECT_EQ(ReasonOf(Decide(Caller{{"cn:stranger"}, ""}, {Rpc::kGetToken, "open", "", false, false},
                            Directory(), {})
                         .status()),
            Reason::kCallerNotAllowed);
}

}  // namespace
}  // namespace credbroker
