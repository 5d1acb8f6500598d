#include "service/model/tenant.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace credbroker {
namespace {

std::shared_ptr<const Tenant> MakeTenant(const char* name) {
  Tenant tenant;
  tenant.name = name;
  tenant.accounts = {{"reporting", "Reporting@Acme.example", "", ""},
                     {"import", "import@acme.example", "", ""}};
  return std::make_shared<const Tenant>(std::move(tenant));
}

TEST(TenantTest, AccountIsFoundByExactName) {
  const auto tenant = MakeTenant("acme");
  EXPECT_EQ(tenant->FindAccount("import"), &tenant->accounts[1]);
  for (const char* name : {"", "Import", "import ", "imp", "import@acme.example"}) {
    EXPECT_EQ(tenant->FindAccount(name), nullptr) << name;
  }
}

TEST(TenantTest, AccountIsFoundByAddressWithoutRegardToCase) {
  const auto tenant = MakeTenant("acme");
  EXPECT_EQ(tenant->FindAccountByEmail("reporting@acme.EXAMPLE"), &tenant->accounts[0]);
  EXPECT_EQ(tenant->FindAccountByEmail("reporting"), nullptr);
  EXPECT_EQ(tenant->FindAccountByEmail(""), nullptr);
}

TEST(TenantDirectoryTest, FindsByNameAndKeepsTheOrder) {
  const auto b = MakeTenant("b");
  const auto a = MakeTenant("a");
  const TenantDirectory directory({b, a});
  EXPECT_EQ(directory.Find("a"), a);
  EXPECT_EQ(directory.Find("b"), b);
  EXPECT_EQ(directory.Find("A"), nullptr);
  EXPECT_EQ(directory.Find(""), nullptr);
  ASSERT_EQ(directory.tenants().size(), 2u);
  EXPECT_EQ(directory.tenants()[0], b);
}

std::vector<std::string> AccountsOfRules(const TenantDirectory& directory, absl::string_view tenant,
                                         absl::string_view principal) {
  std::vector<std::string> accounts;
  directory.ForEachRule(tenant, principal, [&accounts](const AllowRule& rule) {
    accounts.push_back(rule.accounts.front());
  });
  return accounts;
}

TEST(TenantDirectoryTest, RulesOfATenantAreFoundByPrincipalAndByFamily) {
  auto tenant = std::make_shared<Tenant>();
  tenant->name = "acme";
  tenant->allow = {{"k8s:a/b", {"1"}, {"*"}},
                   {"k8s:a/*", {"2"}, {"*"}},
                   {"k8s:a/b", {"3"}, {"*"}},
                   {"cn:a/*", {"4"}, {"*"}}};
  auto other = std::make_shared<Tenant>();
  other->name = "other";
  other->allow = {{"k8s:a/b", {"5"}, {"*"}}};
  const TenantDirectory directory({tenant, other, MakeTenant("silent")});
  using Accounts = std::vector<std::string>;
  EXPECT_EQ(AccountsOfRules(directory, "acme", "k8s:a/b"), (Accounts{"1", "3", "2"}));
  EXPECT_EQ(AccountsOfRules(directory, "acme", "k8s:a/c"), (Accounts{"2"}));
  EXPECT_EQ(AccountsOfRules(directory, "acme", "cn:a/b"), Accounts());
  EXPECT_EQ(AccountsOfRules(directory, "other", "k8s:a/b"), (Accounts{"5"}));
  EXPECT_EQ(AccountsOfRules(directory, "other", "k8s:a/c"), Accounts());
  EXPECT_EQ(AccountsOfRules(directory, "silent", "k8s:a/b"), Accounts());
  EXPECT_EQ(AccountsOfRules(directory, "nobody", "k8s:a/b"), Accounts());
}

TEST(TenantDirectoryTest, EmptyDirectoryFindsNothing) {
  EXPECT_EQ(TenantDirectory({}).Find("a"), nullptr);
}

}  // namespace
}  // namespace credbroker
