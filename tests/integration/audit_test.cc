// What a reader of the audit file knows.

#include <openssl/sha.h>
#include <stdio.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/deployment.h"

namespace credbroker {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = nlohmann::json;

constexpr char kAudit[] = "audit.jsonl";

// A token as its holder got it.
struct Held {
  std::string token;
  uint64_t generation = 0;
  absl::Time asked;
  absl::Time got;
};

class AuditFile : public testing::Test {
 protected:
  AuditFile() : deployment_({.more = "audit: {file: audit.jsonl}\n"}) {}

  Held Get(Caller& caller, const std::string& account = "") {
    const absl::Time asked = absl::Now();
    const Answer answer = caller.GetToken(account);
    EXPECT_TRUE(answer.ok()) << answer.Text();
    return {answer.token.access_token(), answer.token.generation(), asked, absl::Now()};
  }
  std::vector<Json> Lines(const std::string& name = kAudit) const {
    std::ifstream file(deployment_.folder().Path(name));
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    std::vector<Json> lines;
    for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      lines.push_back(Json::parse(line, nullptr, /*allow_exceptions=*/false));
      EXPECT_TRUE(lines.back().is_object()) << line;
    }
    return lines;
  }
  std::vector<Json> Lines(const std::string& name, const std::string& event) const {
    std::vector<Json> found;
    for (Json& line : Lines(name)) {
      if (line["event"] == event) found.push_back(std::move(line));
    }
    return found;
  }
  static std::string FingerprintOf(const std::string& token) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest);
    return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), 8));
  }
  static absl::Time TimeOf(const Json& line) {
    absl::Time time;
    std::string error;
    EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, line["time"].get<std::string>(), &time, &error))
        << error;
    return time;
  }
  // Who holds the token, since when, says the one line that there is about it.
  void ExpectOnRecord(const Held& held, const std::string& account, const std::string& rpc) {
    std::vector<Json> found;
    for (const Json& line : Lines(kAudit, "token_issued")) {
      if (line["token_fingerprint"] == FingerprintOf(held.token)) found.push_back(line);
    }
    ASSERT_THAT(found, SizeIs(1));
    const Json& line = found.front();
    EXPECT_EQ(line["principal"], "local");
    EXPECT_EQ(line["tenant"], "demo");
    EXPECT_EQ(line["account"], account);
    EXPECT_EQ(line["rpc"], rpc);
    EXPECT_EQ(line["generation"], held.generation);
    EXPECT_EQ(line["outcome"], "ok");
    EXPECT_GE(TimeOf(line), held.asked);
    EXPECT_LE(TimeOf(line), held.got);
  }

  Deployment deployment_;
};

TEST_F(AuditFile, ProvesWhoHeldWhichTokenWhen) {
  Caller caller = deployment_.NewCaller();
  const Held first = Get(caller);
  const Held second = Get(caller, "second");
  const absl::Time asked = absl::Now();
  const Answer refreshed = caller.Refresh();
  ASSERT_TRUE(refreshed.ok()) << refreshed.Text();
  const Held third = {refreshed.token.access_token(), refreshed.token.generation(), asked,
                      absl::Now()};
  for (int i = 0; i < 7; ++i) EXPECT_EQ(Get(caller).token, third.token);
  ASSERT_TRUE(caller.Logout());

  ExpectOnRecord(first, "demo", "GetToken");
  ExpectOnRecord(second, "second", "GetToken");
  ExpectOnRecord(third, "demo", "Refresh");
  EXPECT_THAT(Lines(kAudit, "token_issued"), SizeIs(3));
  EXPECT_THAT(Lines(kAudit, "login"), SizeIs(2));
  EXPECT_THAT(Lines(kAudit, "refresh"), SizeIs(1));
  ASSERT_THAT(Lines(kAudit, "logout"), SizeIs(1));
  EXPECT_EQ(Lines(kAudit, "logout")[0]["token_fingerprint"], FingerprintOf(third.token));

  // What was not summed up yet is at the end.
  deployment_.broker().Signal(SIGTERM);
  EXPECT_EQ(deployment_.broker().WaitForExit().code, 0);
  const std::vector<Json> sums = Lines(kAudit, "token_reissued");
  ASSERT_THAT(sums, SizeIs(1));
  EXPECT_EQ(sums[0]["token_fingerprint"], FingerprintOf(third.token));
  EXPECT_EQ(sums[0]["principal"], "local");
  EXPECT_EQ(sums[0]["count"], 7);

  constexpr size_t kFields = 13;
  for (const Json& line : Lines()) EXPECT_THAT(line, SizeIs(kFields)) << line;
  struct stat found = {};
  ASSERT_EQ(stat(deployment_.folder().Path(kAudit).c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST_F(AuditFile, IsRotatedByRenameAndSighup) {
  Caller caller = deployment_.NewCaller();
  Get(caller);
  ASSERT_EQ(rename(deployment_.folder().Path(kAudit).c_str(),
                   deployment_.folder().Path("old.jsonl").c_str()),
            0);
  deployment_.broker().Signal(SIGHUP);
  const Held later = [&] {
    // The signal takes a moment.
    const absl::Time end = absl::Now() + kPatience;
    while (Lines().empty() && absl::Now() < end) EXPECT_TRUE(caller.Refresh().ok());
    return Get(caller, "second");
  }();
  ExpectOnRecord(later, "second", "GetToken");
  EXPECT_THAT(Lines("old.jsonl", "token_issued"), testing::Not(IsEmpty()));
}

TEST_F(AuditFile, HandsOutNothingThatItCannotRecordAndGoesOnWhenItCan) {
  Caller caller = deployment_.NewCaller();
  Get(caller);
  const std::string path = deployment_.folder().Path(kAudit);
  ASSERT_EQ(rename(path.c_str(), (path + ".1").c_str()), 0);
  // Nobody reads it.
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  deployment_.broker().Signal(SIGHUP);
  const absl::Time end = absl::Now() + kPatience;
  Answer refused;
  while (refused.reason != "AUDIT_UNAVAILABLE" && absl::Now() < end) refused = caller.Refresh();
  EXPECT_EQ(refused.reason, "AUDIT_UNAVAILABLE") << refused.Text();
  EXPECT_TRUE(refused.retry.has_value());
  EXPECT_EQ(caller.GetToken("second").reason, "AUDIT_UNAVAILABLE");
  // Nothing else is held up.
  EXPECT_EQ(deployment_.Get("/readyz").status, 200);
  ASSERT_EQ(unlink(path.c_str()), 0);
  const Held later = Get(caller, "second");
  ExpectOnRecord(later, "second", "GetToken");
}

}  // namespace
}  // namespace credbroker
