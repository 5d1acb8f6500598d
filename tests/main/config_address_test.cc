#include "service/main/config_address.h"

#include <string>

#include "gtest/gtest.h"

namespace credbroker {
namespace {

TEST(ConfigAddress, HostAndPort) {
  EXPECT_EQ(ParseHostPort("127.0.0.1:8443"), (HostPort{"127.0.0.1", 8443}));
  EXPECT_EQ(ParseHostPort("localhost:0"), (HostPort{"localhost", 0}));
  EXPECT_EQ(ParseHostPort("[::1]:65535"), (HostPort{"::1", 65535}));
  for (const char* wrong :
       {"", "127.0.0.1", ":8443", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:080",
        "::1:80", "[::1]", "[::1]80", "[::1:80", "[x]:80", "a b:80", "http://a:80", "a:80/"}) {
    EXPECT_FALSE(ParseHostPort(wrong)) << wrong;
  }
}

TEST(ConfigAddress, PrintsBracketsAroundIpv6) {
  EXPECT_EQ((HostPort{"::1", 80}).ToString(), "[::1]:80");
  EXPECT_EQ((HostPort{"127.0.0.1", 0}).ToString(), "127.0.0.1:0");
}

TEST(ConfigAddress, LoopbackIsNotAMatterOfText) {
  for (const char* host :
       {"127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1", "localhost", "LocalHost"}) {
    EXPECT_TRUE(IsLoopback(host)) << host;
  }
  for (const char* host : {"", "0.0.0.0", "::", "128.0.0.1", "10.0.0.1", "127.0.0.1.example",
                           "localhost.example", "127.1", "::2", "::ffff:127.0.0.1"}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

TEST(ConfigAddress, BaseUrls) {
  EXPECT_EQ(ParseBaseUrl("https://acme.polario.de/api").value(), "https://acme.polario.de/api");
  EXPECT_EQ(ParseBaseUrl("https://acme.polario.de/api//").value(), "https://acme.polario.de/api");
  EXPECT_EQ(ParseBaseUrl("HTTPS://a:8443").value(), "https://a:8443");
  EXPECT_EQ(ParseBaseUrl("https://[2001:db8::1]:8443/").value(), "https://[2001:db8::1]:8443");
  EXPECT_EQ(ParseBaseUrl("http://127.0.0.1:80/api").value(), "http://127.0.0.1:80/api");
  EXPECT_EQ(ParseBaseUrl("http://[::1]/api").value(), "http://[::1]/api");
  EXPECT_EQ(ParseBaseUrl("http://localhost").value(), "http://localhost");
}

TEST(ConfigAddress, BaseUrlsThatAreRefused) {
  const struct {
    std::string url;
    std::string message;
  } kCases[] = {
      {"acme.polario.de", "must be a URL, such as https://host/path"},
      {"http://acme.polario.de",
       "must start with https:// (http is accepted for a loopback host only)"},
      {"http://127.0.0.1.example/",
       "must start with https:// (http is accepted for a loopback host only)"},
      {"ftp://127.0.0.1", "must start with https:// (http is accepted for a loopback host only)"},
      {"https://u:p@a/api", "must not have a user name or password"},
      {"http://127.0.0.1@evil.example/", "must not have a user name or password"},
      {"https://a/api?x=1", "must not have a query"},
      {"https://a?x", "must not have a query"},
      {"https://a/api#x", "must not have a fragment"},
      {"https://", "the host is not valid"},
      {"https:///api", "the host is not valid"},
      {"https://a b/", "the host is not valid"},
      {"https://a\\b/", "the host is not valid"},
      {"https://[::1/", "the host is not valid"},
      {"https://\xc3\xa4/", "the host is not valid"},
      {"https://a:/", "the port is not valid"},
      {"https://a:0/", "the port is not valid"},
      {"https://a:65536/", "the port is not valid"},
      {"https://a/b c", "the path holds characters that a URL must not hold"},
      {"https://a/\xc3\xa4", "the path holds characters that a URL must not hold"},
      {"https://a/" + std::string(2048, 'a'), "too long"},
  };
  for (const auto& c : kCases) {
    const auto url = ParseBaseUrl(c.url);
    ASSERT_FALSE(url.ok()) << c.url;
    EXPECT_EQ(std::string(url.status().message()), c.message) << c.url;
  }
}

TEST(ConfigAddress, ProxyUrls) {
  EXPECT_EQ(ParseProxyUrl("http://proxy:3128").value(), "http://proxy:3128");
  EXPECT_EQ(ParseProxyUrl("https://proxy:3128/").value(), "https://proxy:3128");
  for (const char* wrong :
       {"proxy:3128", "http://proxy", "socks5://proxy:1080", "http://u:p@proxy:1",
        "http://proxy:3128/path", "http://proxy:3128?q"}) {
    EXPECT_FALSE(ParseProxyUrl(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace credbroker
