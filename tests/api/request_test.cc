// Requests that no well-behaved client sends: faults.md row 37.

#include <grpcpp/generic/generic_stub.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/api/api_fixture.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RequestTest : public ApiFixture {
 protected:
  static constexpr const char* kMethods[] = {"GetToken",   "Login",  "Refresh",
                                             "WatchToken", "Logout", "ListSessions"};

  // A request of any rpc whose `tenant` is `text`.
  static std::string WithTenant(const std::string& text) {
    std::string bytes = "\n";
    for (size_t length = text.size(); true; length >>= 7) {
      bytes += static_cast<char>((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
      if (length <= 0x7f) break;
    }
    return bytes + text;
  }

  Outcome<grpc::ByteBuffer> CallCompressed(const std::string& method, const std::string& bytes,
                                           grpc_compression_algorithm algorithm) {
    grpc::GenericStub stub(NewChannel());
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    PendingBytes call([&](auto* context, auto* response, auto done) {
      context->set_compression_algorithm(algorithm);
      stub.UnaryCall(context, "/credbroker.v1.CredentialBroker/" + method, {}, &request, response,
                     std::move(done));
    });
    return call.Wait();
  }
};

TEST_F(RequestTest, Row37WhatIsNotUtf8IsAnInvalidField) {
  testing::internal::CaptureStderr();
  for (const char* method : kMethods) {
    const auto outcome = CallRaw(method, WithTenant("ac\xff\xfeme"));
    const Refusal refusal = RefusalIn(outcome.status);
    EXPECT_EQ(refusal.code, grpc::StatusCode::INVALID_ARGUMENT) << method;
    EXPECT_EQ(refusal.reason, "INVALID_FIELD") << method;
    EXPECT_EQ(refusal.domain, "credbroker") << method;
    EXPECT_TRUE(refusal.metadata.empty()) << method;
    EXPECT_EQ(Counted(method, "INVALID_ARGUMENT"), 1) << method;
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), Not(HasSubstr("protobuf")));
}

TEST_F(RequestTest, Row37GarbageIsAnInvalidField) {
  const std::vector<std::string> kGarbage = {
      "\xff", "\n", std::string("\n\x7f"), "acme", std::string(100, '\x0b'), std::string(64, '\0')};
  int sent = 0;
  for (const std::string& garbage : kGarbage) {
    ++sent;
    for (const char* method : kMethods) {
      const auto outcome = CallRaw(method, garbage);
      EXPECT_EQ(outcome.code(), grpc::StatusCode::INVALID_ARGUMENT) << method << " " << sent;
      EXPECT_EQ(outcome.reason(), "INVALID_FIELD") << method << " " << sent;
      EXPECT_EQ(Counted(method, "INVALID_ARGUMENT"), sent) << method;
    }
  }
}

TEST_F(RequestTest, Row37NamesWithControlCharactersOrPathsAreInvalidFields) {
  for (const std::string& name :
       {std::string("ac\rme"), std::string("ac\nme"), std::string("ac\0me", 5),
        std::string("../acme"), std::string("acme/.."), std::string("ACME"), std::string(" acme"),
        std::string(64, 'a'), std::string(40'000, 'a')}) {
    for (const char* method : kMethods) {
      const Refusal refusal = RefusalIn(CallRaw(method, WithTenant(name)).status);
      EXPECT_EQ(refusal.code, grpc::StatusCode::INVALID_ARGUMENT) << method << " " << name;
      EXPECT_EQ(refusal.reason, "INVALID_FIELD") << method << " " << name;
      EXPECT_THAT(refusal.message, HasSubstr("tenant")) << method;
      EXPECT_THAT(refusal.message, Not(HasSubstr(name))) << method;
    }
  }
}

TEST_F(RequestTest, Row37TenMegabytesAreRefusedUnread) {
  for (const char* method : kMethods) {
    EXPECT_EQ(CallRaw(method, WithTenant(std::string(10'000'000, 'a'))).code(),
              grpc::StatusCode::RESOURCE_EXHAUSTED)
        << method;
  }
}

// 20 MB of one letter are 20 KB on the wire, so it is not their size that they are refused for.
TEST_F(RequestTest, Row37CompressedRequestsAreRefusedUninflated) {
  for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    for (const char* method : kMethods) {
      for (const size_t size : {size_t{4}, size_t{20'000'000}}) {
        const auto outcome = CallCompressed(method, WithTenant(std::string(size, 'a')), algorithm);
        EXPECT_EQ(outcome.code(), grpc::StatusCode::UNIMPLEMENTED) << method << " " << size;
        EXPECT_THAT(outcome.status.error_message(), HasSubstr("disabled")) << method;
      }
    }
  }
  EXPECT_TRUE(GetToken().ok());
}

TEST_F(RequestTest, AnEmptyRequestMissesItsTenant) {
  for (const char* method : {"GetToken", "Login", "Refresh", "WatchToken", "Logout"}) {
    const Refusal refusal = RefusalIn(CallRaw(method, "").status);
    EXPECT_EQ(refusal.reason, "INVALID_FIELD") << method;
    EXPECT_EQ(refusal.message, "tenant: required") << method;
  }
  EXPECT_TRUE(CallRaw("ListSessions", "").ok());
}

TEST_F(RequestTest, FieldsThatThisVersionDoesNotKnowAreIgnored) {
  const auto outcome = CallRaw("GetToken", WithTenant("acme") + std::string("\xfa\x07\x01x"));
  EXPECT_TRUE(outcome.ok()) << outcome.status.error_message();
}

}  // namespace
}  // namespace credbroker
