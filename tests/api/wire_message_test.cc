#include "service/api/wire_message.h"

#include <array>
#include <string>

#include "credbroker/v1/credential_broker.pb.h"
#include "gtest/gtest.h"

#include "service/api/unary_call.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

grpc::ByteBuffer InPieces(const std::string& text, size_t size) {
  std::vector<grpc::Slice> slices;
  for (size_t at = 0; at < text.size(); at += size) slices.emplace_back(text.substr(at, size));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

std::string BytesIn(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(bytes.Dump(&slices).ok());
  std::string text;
  for (const grpc::Slice& slice : slices) text += std::string(ViewOf(slice));
  return text;
}

TEST(WireMessageTest, BytesAreFlattenedHoweverTheyCame) {
  const std::string text(1000, 'x');
  for (const size_t size : {1u, 7u, 999u, 1000u}) {
    EXPECT_EQ(ViewOf(Flatten(InPieces(text, size))), text);
  }
  EXPECT_EQ(ViewOf(Flatten(grpc::ByteBuffer())), "");
}

TEST(WireMessageTest, WhatIsSerialisedIsParsed) {
  for (const size_t length : {0u, 1u, 10u, 100u, 10'000u}) {
    v1::LogoutRequest request;
    request.set_tenant(std::string(length, 'a'));
    v1::LogoutRequest parsed;
    ASSERT_TRUE(Parse(ViewOf(Serialise(request)), parsed).ok());
    EXPECT_EQ(parsed.tenant(), request.tenant());
  }
}

TEST(WireMessageTest, WhatCannotBeReadIsAnInvalidFieldThatIsNotQuoted) {
  v1::LogoutRequest request;
  for (const char* bytes : {"\x0a\x06"
                            "canary\x0a",
                            "\x0a\x07"
                            "canary\xff",
                            "canary"}) {
    const absl::Status status = Parse(bytes, request);
    EXPECT_EQ(ReasonOf(status), Reason::kInvalidField);
    EXPECT_EQ(std::string(status.message()).find("canary"), std::string::npos);
  }
}

TEST(WireMessageTest, APasswordIsWipedFromTheRequestAndItsBytes) {
  // Two pieces of 50 bytes in all.
  const std::string password(92, 'p');
  v1::LoginRequest sent;
  sent.set_tenant("acme");
  sent.set_password(password);
  for (const size_t size : {50u, 1000u}) {
    const grpc::ByteBuffer bytes = InPieces(sent.SerializeAsString(), size);
    const grpc::Slice slice = Flatten(bytes);
    v1::LoginRequest request;
    ASSERT_TRUE(Parse(ViewOf(slice), request).ok());
    ASSERT_EQ(request.password(), password);
    WipeSecrets(request, slice, bytes);
    EXPECT_EQ(request.password(), std::string(password.size(), '\0'));
    EXPECT_EQ(ViewOf(slice).find('p'), absl::string_view::npos);
    EXPECT_EQ(BytesIn(bytes).find('p'), std::string::npos);
  }
}

}  // namespace
}  // namespace credbroker
