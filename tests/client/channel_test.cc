#include "client/cli/channel.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/fake_broker.h"

namespace credbroker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ChannelTest, HostAndPort) {
  for (const char* right : {"localhost:1", "broker.example:65535", "10.0.0.1:80", "[::1]:443",
                            "[fe80::1]:8443", "a_b-c:8443"}) {
    EXPECT_TRUE(IsHostAndPort(right)) << right;
  }
}

TEST(ChannelTest, LoopbackIsToldByTheAddressAlone) {
  for (const char* local : {"localhost:1", "127.0.0.1:1", "127.255.255.254:1", "[::1]:1"}) {
    EXPECT_TRUE(IsLoopback(local)) << local;
  }
  for (const char* remote : {"128.0.0.1:1", "0.0.0.0:1", "[::]:1", "127.evil.example:1",
                             "localhost.example:1", "10.0.0.1:1"}) {
    EXPECT_FALSE(IsLoopback(remote)) << remote;
  }
}

TEST(ChannelTest, AFileThatIsMissingOrNotPemIsNamed) {
  const TemporaryFile no_pem("hunter2");
  ConnectionOptions options;
  options.ca_file = "/nonexistent/ca";
  EXPECT_THAT(std::string(OpenChannel(options).status().message()),
              HasSubstr("--ca /nonexistent/ca: No such file"));
  options.ca_file = no_pem.path();
  EXPECT_THAT(std::string(OpenChannel(options).status().message()),
              AllOf(HasSubstr("--ca " + no_pem.path()), Not(HasSubstr("hunter2"))));
  options.ca_file = ::testing::TempDir();
  EXPECT_THAT(std::string(OpenChannel(options).status().message()), HasSubstr("cannot be read"));
  options.ca_file.clear();
  options.cert_file = "/nonexistent/cert";
  options.key_file = no_pem.path();
  EXPECT_THAT(std::string(OpenChannel(options).status().message()), HasSubstr("--cert"));
  const TemporaryFile certificate("-----BEGIN CERTIFICATE-----\n");
  options.cert_file = certificate.path();
  EXPECT_THAT(std::string(OpenChannel(options).status().message()), HasSubstr("--key"));
}

TEST(ChannelTest, TheBearerTokenIsOneWord) {
  ConnectionOptions options;
  EXPECT_EQ(ReadBearerToken(options).value(), "");
  const TemporaryFile good(" abc.def-123 \n");
  options.bearer_file = good.path();
  EXPECT_EQ(ReadBearerToken(options).value(), "abc.def-123");
  for (const std::string& text :
       {std::string("\n"), std::string("secret a"), std::string("secret\r\nx: y"),
        std::string("secret\x7f"), std::string("secret\0a", 8), std::string(8000, 's')}) {
    const TemporaryFile bad(text);
    options.bearer_file = bad.path();
    EXPECT_THAT(std::string(ReadBearerToken(options).status().message()),
                AllOf(HasSubstr("--bearer-file " + bad.path()), Not(HasSubstr("secret"))));
  }
}

}  // namespace
}  // namespace credbroker
