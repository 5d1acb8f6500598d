#include "service/api/watch_outbox.h"

#include <string>

#include "gtest/gtest.h"

#include "service/api/wire_message.h"

namespace credbroker {
namespace {

grpc::ByteBuffer Bytes(const std::string& text) {
  const grpc::Slice slice(text);
  return grpc::ByteBuffer(&slice, 1);
}

const Instant kLater = Instant::InfiniteFuture();
const Instant kNow = Instant() + absl::Seconds(7);

// "write TEXT", "end CODE" or "nothing".
std::string Next(WatchOutbox& outbox, Instant now = kNow) {
  const WatchOutbox::Step step = outbox.Next(now);
  if (const auto* bytes = std::get_if<grpc::ByteBuffer>(&step)) {
    return "write " + std::string(ViewOf(Flatten(*bytes)));
  }
  if (const auto* end = std::get_if<absl::Status>(&step)) {
    return "end " + absl::StatusCodeToString(end->code());
  }
  return "nothing";
}

TEST(WatchOutboxTest, NothingIsToBeDoneAtFirst) {
  WatchOutbox outbox;
  EXPECT_EQ(Next(outbox), "nothing");
  EXPECT_FALSE(outbox.finished());
}

TEST(WatchOutboxTest, OneWriteAtATime) {
  WatchOutbox outbox;
  outbox.Add(1, kLater, Bytes("one"));
  EXPECT_EQ(Next(outbox), "write one");
  outbox.Add(2, kLater, Bytes("two"));
  EXPECT_EQ(Next(outbox), "nothing");
  outbox.WriteDone(true);
  EXPECT_EQ(Next(outbox), "write two");
  outbox.WriteDone(true);
  EXPECT_EQ(Next(outbox), "nothing");
}

TEST(WatchOutboxTest, TokenThatEndedWhileItWaitedIsNotSent) {
  WatchOutbox outbox;
  outbox.Add(1, kLater, Bytes("one"));
  EXPECT_EQ(Next(outbox), "write one");
  outbox.Add(2, kNow, Bytes("two"));
  outbox.WriteDone(true);
  EXPECT_EQ(Next(outbox, kNow), "nothing");
  outbox.Add(3, kNow + absl::Nanoseconds(1), Bytes("three"));
  EXPECT_EQ(Next(outbox, kNow), "write three");
}

TEST(WatchOutboxTest, OnlyTheNewestOfWhatCameDuringAWriteIsSent) {
  WatchOutbox outbox;
  outbox.Add(1, kLater, Bytes("one"));
  EXPECT_EQ(Next(outbox), "write one");
  outbox.Add(2, kLater, Bytes("two"));
  outbox.Add(3, kLater, Bytes("three"));
  outbox.WriteDone(true);
  EXPECT_EQ(Next(outbox), "write three");
  outbox.WriteDone(true);
  EXPECT_EQ(Next(outbox), "nothing");
}

TEST(WatchOutboxTest, ATokenThatWasOvertakenIsDropped) {
  WatchOutbox outbox;
  outbox.Add(2, kLater, Bytes("two"));
  outbox.Add(1, kLater, Bytes("one"));
  EXPECT_EQ(Next(outbox), "write two");
  outbox.Add(1, kLater, Bytes("one"));
  outbox.WriteDone(true);
  EXPECT_EQ(Next(outbox), "nothing");
}

TEST(WatchOutboxTest, TheLastMessageReplacesATokenThatWaitsAndIsFollowedByOk) {
  WatchOutbox outbox;
  outbox.Add(1, kLater, Bytes("one"));
  EXPECT_EQ(Next(outbox), "write one");
  outbox.Add(2, kLater, Bytes("two"));
  outbox.EndWith(Bytes("revoked"));
  EXPECT_EQ(Next(outbox), "nothing");
  outbox.WriteDone(true);
  EXPECT_EQ(Next(outbox), "write revoked");
  EXPECT_FALSE(outbox.finished());
  outbox.WriteDone(true);
  EXPECT_EQ(Next(outbox), "end OK");
  EXPECT_TRUE(outbox.finished());
}

TEST(WatchOutboxTest, NothingFollowsTheLastMessage) {
  WatchOutbox outbox;
  outbox.EndWith(Bytes("revoked"));
  outbox.Add(1, kLater, Bytes("one"));
  outbox.EndWith(Bytes("revoked again"));
  outbox.End(absl::UnavailableError("drain"));
  EXPECT_EQ(Next(outbox), "write revoked");
  outbox.WriteDone(true);
  EXPECT_EQ(Next(outbox), "end OK");
}

TEST(WatchOutboxTest, AFailureEndsAtOnceButForTheWriteThatIsUnderWay) {
  WatchOutbox outbox;
  outbox.Add(1, kLater, Bytes("one"));
  EXPECT_EQ(Next(outbox), "write one");
  outbox.Add(2, kLater, Bytes("two"));
  outbox.End(absl::UnavailableError("drain"));
  outbox.End(absl::InternalError("later"));
  EXPECT_EQ(Next(outbox), "nothing");
  outbox.WriteDone(true);
  EXPECT_EQ(Next(outbox), "end UNAVAILABLE");
}

TEST(WatchOutboxTest, TokenThatWaitsIsWithheldFromWhoMayNotSeeItAnyMore) {
  WatchOutbox outbox;
  const absl::Status may_not = absl::PermissionDeniedError("not allowed");
  outbox.Withhold(may_not);
  outbox.Add(1, kLater, Bytes("one"));
  EXPECT_EQ(Next(outbox), "write one");
  outbox.Add(2, kLater, Bytes("two"));
  outbox.WriteDone(true);
  outbox.Withhold(may_not);
  EXPECT_EQ(Next(outbox), "end PERMISSION_DENIED");
}

TEST(WatchOutboxTest, TheLastMessageIsWithheldFromNobody) {
  WatchOutbox outbox;
  outbox.EndWith(Bytes("revoked"));
  outbox.Withhold(absl::PermissionDeniedError("not allowed"));
  EXPECT_EQ(Next(outbox), "write revoked");
  outbox.WriteDone(true);
  EXPECT_EQ(Next(outbox), "end OK");
}

TEST(WatchOutboxTest, TheEndComesOnce) {
  WatchOutbox outbox;
  outbox.End(absl::UnavailableError("drain"));
  EXPECT_EQ(Next(outbox), "end UNAVAILABLE");
  EXPECT_EQ(Next(outbox), "nothing");
  outbox.Add(1, kLater, Bytes("one"));
  EXPECT_EQ(Next(outbox), "nothing");
}

TEST(WatchOutboxTest, AFailedWriteIsTheEndOfTheStream) {
  for (const bool revoked : {false, true}) {
    WatchOutbox outbox;
    outbox.Add(1, kLater, Bytes("one"));
    EXPECT_EQ(Next(outbox), "write one");
    outbox.Add(2, kLater, Bytes("two"));
    if (revoked) outbox.EndWith(Bytes("revoked"));
    outbox.WriteDone(false);
    EXPECT_EQ(Next(outbox), "end CANCELLED");
  }
}

}  // namespace
}  // namespace credbroker
