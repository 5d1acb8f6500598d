#include "service/model/account_key.h"

#include "absl/hash/hash_testing.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

TEST(AccountKeyTest, OnlyAnAddressIsACallersAccount) {
  EXPECT_FALSE((AccountKey{"acme", "reporting"}).is_caller_account());
  EXPECT_TRUE((AccountKey{"acme", "a@b.example"}).is_caller_account());
}

TEST(AccountKeyTest, ConfiguredNameIsShownAsItIs) {
  EXPECT_EQ(DisplayName({"acme", "reporting"}), "reporting");
}

TEST(AccountKeyTest, AddressIsShownAsTheStartOfItsSha256) {
  // printf %s user@example.com | sha256sum
  EXPECT_EQ(DisplayName({"acme", "user@example.com"}), "caller-b4c9a289");
}

TEST(AccountKeyTest, OrderIsByTenantThenAccount) {
  EXPECT_LT((AccountKey{"a", "z"}), (AccountKey{"b", "a"}));
  EXPECT_LT((AccountKey{"a", "a"}), (AccountKey{"a", "b"}));
  EXPECT_FALSE((AccountKey{"a", "a"}) < (AccountKey{"a", "a"}));
  EXPECT_FALSE((AccountKey{"b", "a"}) < (AccountKey{"a", "z"}));
}

TEST(AccountKeyTest, HashAgreesWithEquality) {
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(
      {AccountKey{}, AccountKey{"a", "b"}, AccountKey{"ab", ""}, AccountKey{"", "ab"},
       AccountKey{"a", "c"}, AccountKey{"b", "b"}}));
}

}  // namespace
}  // namespace credbroker
