#include "service/model/tenant.h"

#include <memory>

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

TEST(TenantDirectoryTest, EmptyDirectoryFindsNothing) {
  EXPECT_EQ(TenantDirectory({}).Find("a"), nullptr);
}

}  // namespace
}  // namespace credbroker
