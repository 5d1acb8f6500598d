#include "service/api/token_answer.h"

#include <google/protobuf/util/message_differencer.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "credbroker/v1/credential_broker.pb.h"
#include "gtest/gtest.h"

#include "service/api/messages.h"
#include "service/api/wire_message.h"

namespace credbroker {
namespace {

std::unique_ptr<Session> MakeSession() {
  auto session = std::make_unique<Session>();
  session->access_token = Secret::Copy("access");
  session->header_name = "Session";
  session->generation = 3;
  session->device_id = "device";
  session->issue_time = absl::FromUnixSeconds(1);
  session->expire_time = absl::FromUnixSeconds(301);
  return session;
}

template <typename Response>
void ExpectToken(const Session& session) {
  v1::Token expected;
  ToProto(session, expected);
  Response response;
  ASSERT_TRUE(response.ParseFromString(std::string(ViewOf(TokenAnswer(session)))));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(response.token(), expected))
      << response.ShortDebugString();
}

TEST(TokenAnswerTest, ItIsWhatEachRpcAnswers) {
  const auto session = MakeSession();
  ExpectToken<v1::GetTokenResponse>(*session);
  ExpectToken<v1::RefreshResponse>(*session);
  ExpectToken<v1::WatchTokenResponse>(*session);
  ExpectToken<v1::LoginResponse>(*session);
  session->sendbird_session_token = Secret::Copy("not in the answer that was made before");
  EXPECT_EQ(ViewOf(TokenAnswer(*session)).find("before"), absl::string_view::npos);
}

TEST(TokenAnswerTest, AChatTokenIsPartOfIt) {
  const auto session = MakeSession();
  session->sendbird_session_token = Secret::Copy("chat");
  ExpectToken<v1::GetTokenResponse>(*session);
}

TEST(TokenAnswerTest, AllShareTheSameBytesEvenIfTheyComeTogether) {
  const auto session = MakeSession();
  std::vector<grpc::Slice> answers(8);
  std::vector<std::thread> threads;
  for (grpc::Slice& answer : answers) {
    threads.emplace_back([&] { answer = TokenAnswer(*session); });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<const uint8_t*> bytes;
  for (const grpc::Slice& answer : answers) bytes.insert(answer.begin());
  EXPECT_EQ(bytes.size(), 1);
}

TEST(TokenAnswerTest, AnAnswerOutlivesItsSession) {
  auto session = MakeSession();
  const grpc::Slice answer = TokenAnswer(*session);
  session.reset();
  v1::GetTokenResponse response;
  ASSERT_TRUE(response.ParseFromString(std::string(ViewOf(answer))));
  EXPECT_EQ(response.token().access_token(), "access");
}

}  // namespace
}  // namespace credbroker
