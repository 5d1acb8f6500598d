#include "service/api/field_check.h"

#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "service/model/failure.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using std::string_literals::operator""s;

// A request with a tenant and, where it has one, an account.
template <typename Request>
Request Named(const std::string& tenant, const std::string& account) {
  Request request;
  request.set_tenant(tenant);
  request.set_account(account);
  return request;
}

// Every request that names an account, checked with these names.
std::vector<absl::Status> CheckNames(const std::string& tenant, const std::string& account) {
  return {CheckFields(Named<v1::GetTokenRequest>(tenant, account)),
          CheckFields(Named<v1::LoginRequest>(tenant, account)),
          CheckFields(Named<v1::RefreshRequest>(tenant, account)),
          CheckFields(Named<v1::WatchTokenRequest>(tenant, account)),
          CheckFields(Named<v1::LogoutRequest>(tenant, account))};
}

void ExpectInvalid(const absl::Status& status, const std::string& field) {
  EXPECT_EQ(ReasonOf(status), Reason::kInvalidField) << status;
  EXPECT_THAT(std::string(status.message()), StartsWith(field + ": "));
}

const std::vector<std::string>& BadNames() {
  static const auto& names = *new std::vector<std::string>{
      "A", "_a", ".a", "-a", "a b", "a/b", "../a", "a\r", "a\n", "a\0"s, "ä", std::string(64, 'a')};
  return names;
}

TEST(FieldCheckTest, ATenantIsRequired) {
  for (const absl::Status& status : CheckNames("", "one")) {
    ExpectInvalid(status, "tenant");
    EXPECT_THAT(std::string(status.message()), HasSubstr("required"));
  }
}

TEST(FieldCheckTest, ATenantIsAName) {
  for (const std::string& name : BadNames()) {
    for (const absl::Status& status : CheckNames(name, "one")) {
      ExpectInvalid(status, "tenant");
      EXPECT_THAT(std::string(status.message()), Not(HasSubstr(": " + name)));
    }
    v1::ListSessionsRequest list;
    list.set_tenant(name);
    ExpectInvalid(CheckFields(list), "tenant");
  }
  for (const absl::Status& status : CheckNames("someone@acme.example", "one")) {
    ExpectInvalid(status, "tenant");
  }
}

TEST(FieldCheckTest, AnAccountIsANameAnAddressOrAbsent) {
  for (const std::string& name : {""s, "a"s, "0"s, "a.b_c-9"s, std::string(63, 'a'),
                                  "someone@acme.example"s, std::string(252, 'x') + "@y"}) {
    for (const absl::Status& status : CheckNames("acme", name)) EXPECT_TRUE(status.ok()) << name;
  }
  std::vector<std::string> bad = BadNames();
  bad.insert(bad.end(), {"@", "a@", "@a", "a@b@c", "a b@c", "a\n@c", std::string(253, 'x') + "@y"});
  for (const std::string& name : bad) {
    for (const absl::Status& status : CheckNames("acme", name)) ExpectInvalid(status, "account");
  }
}

TEST(FieldCheckTest, ALifetimeIsADurationThatIsNotNegative) {
  const auto check = [](int64_t seconds, int32_t nanos) {
    auto request = Named<v1::GetTokenRequest>("acme", "one");
    request.mutable_min_remaining_lifetime()->set_seconds(seconds);
    request.mutable_min_remaining_lifetime()->set_nanos(nanos);
    return CheckFields(request);
  };
  EXPECT_TRUE(check(0, 0).ok());
  EXPECT_TRUE(check(315'576'000'000, 999'999'999).ok());
  const std::string field = "min_remaining_lifetime";
  ExpectInvalid(check(-1, 0), field);
  ExpectInvalid(check(0, -1), field);
  ExpectInvalid(check(1, -1), field);
  ExpectInvalid(check(INT64_MIN, 0), field);
  ExpectInvalid(check(315'576'000'001, 0), field);
  ExpectInvalid(check(INT64_MAX, 0), field);
  ExpectInvalid(check(0, 1'000'000'000), field);
}

TEST(FieldCheckTest, APasswordIsOfOneTo1024Bytes) {
  auto request = Named<v1::LoginRequest>("acme", "someone@acme.example");
  request.set_password("");
  ExpectInvalid(CheckFields(request), "password");
  request.set_password("\0"s);
  EXPECT_TRUE(CheckFields(request).ok()) << "what it may hold, SASLprep says";
  request.set_password(std::string(1024, 'p'));
  EXPECT_TRUE(CheckFields(request).ok());
  request.set_password(std::string(1025, 'p'));
  ExpectInvalid(CheckFields(request), "password");
}

TEST(FieldCheckTest, DeviceTextsAreOfAtMost256BytesWithoutControlCharacters) {
  const auto set_name = [](v1::Device& d, const std::string& t) { d.set_device_name(t); };
  const auto set_browser = [](v1::Device& d, const std::string& t) { d.set_browser(t); };
  const auto set_os = [](v1::Device& d, const std::string& t) { d.set_os(t); };
  const auto set_version = [](v1::Device& d, const std::string& t) { d.set_os_version(t); };
  const std::vector<std::pair<std::string, std::function<void(v1::Device&, const std::string&)>>>
      fields = {{"device.device_name", set_name},
                {"device.browser", set_browser},
                {"device.os", set_os},
                {"device.os_version", set_version}};
  for (const auto& [field, set] : fields) {
    auto request = Named<v1::LoginRequest>("acme", "one");
    for (const std::string& text : {""s, std::string(256, 'x'), "Gerät 1"s}) {
      set(*request.mutable_device(), text);
      EXPECT_TRUE(CheckFields(request).ok()) << field;
    }
    for (const std::string& text :
         {std::string(257, 'x'), "a\r"s, "a\n"s, "a\0"s, "\x1f"s, "\x7f"s}) {
      set(*request.mutable_device(), text);
      ExpectInvalid(CheckFields(request), field);
    }
  }
}

TEST(FieldCheckTest, APageMayBeOfAnySizeThatIsNotNegative) {
  v1::ListSessionsRequest request;
  for (const int size : {0, 1, 1000, 1001, INT32_MAX}) {
    request.set_page_size(size);
    EXPECT_TRUE(CheckFields(request).ok()) << size;
  }
  for (const int size : {-1, INT32_MIN}) {
    request.set_page_size(size);
    ExpectInvalid(CheckFields(request), "page_size");
  }
}

TEST(FieldCheckTest, AListMayBeOfAllTenants) {
  EXPECT_TRUE(CheckFields(v1::ListSessionsRequest()).ok());
}

}  // namespace
}  // namespace credbroker
