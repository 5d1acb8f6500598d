// The configuration, and the files that it names, change under a running broker: rows 31 and 32.

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/deployment.h"
#include "tests/ops/exposition.h"

namespace credbroker {
namespace {

namespace fs = std::filesystem;

// A deployment whose configuration the test changes.
class Reloading : public testing::Test {
 protected:
  std::string Text() const {
    std::ifstream file(deployment_.config_file());
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  void Write(const std::string& text) const {
    deployment_.folder().Write("credbrokerd.yaml", text);
  }
  void Replace(const std::string& what, const std::string& with) const {
    const std::string text = absl::StrReplaceAll(Text(), {{what, with}});
    EXPECT_NE(text, Text()) << what;
    Write(text);
  }
  // The configuration with one more tenant, for the same account of the same upstream.
  std::string WithTenant(const std::string& name) const {
    return absl::StrCat(
        Text(), "- name: ", name, "\n  base_url: http://", deployment_.upstream().address(),
        "/api\n  accounts: [{name: demo, email: ", kSecondEmail, ", password_file: second}]\n");
  }

  double Metric(const std::string& name, const std::string& source) const {
    const Exposition page(deployment_.Get("/metrics").body);
    return page.Value(name, {{"source", source}}).value_or(-1);
  }
  double Generation(const std::string& source) const {
    return Metric("credbroker_config_generation", source);
  }
  double Failures(const std::string& source) const {
    return Metric("credbroker_reload_failures_total", source);
  }
  bool WaitForGeneration(double generation, const std::string& source = "config") const {
    return Eventually([&] { return Generation(source) >= generation; });
  }
  bool WaitForFailures(double failures, const std::string& source = "config") const {
    return Eventually([&] { return Failures(source) >= failures; });
  }

  static grpc::Status GetToken(Caller& caller, const std::string& tenant) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    v1::GetTokenRequest request;
    request.set_tenant(tenant);
    v1::GetTokenResponse response;
    return caller.stub().GetToken(&context, request, &response);
  }

  Deployment deployment_;
};

TEST_F(Reloading, TenantsComeAndGoAndTheOthersAreUntouched) {
  Caller caller = deployment_.NewCaller();
  const Answer before = caller.GetToken();
  ASSERT_TRUE(before.ok()) << before.Text();
  EXPECT_EQ(GetToken(caller, "extra").error_code(), grpc::StatusCode::NOT_FOUND);

  const std::string text = Text();
  Write(WithTenant("extra"));
  ASSERT_TRUE(WaitForGeneration(2));
  EXPECT_TRUE(GetToken(caller, "extra").ok());
  const Exposition page(deployment_.Get("/metrics").body);
  EXPECT_EQ(
      page.Value("credbroker_token_requests_total", {{"tenant", "extra"}, {"outcome", "fetched"}}),
      1);

  grpc::ClientContext context;
  v1::WatchTokenRequest request;
  request.set_tenant("extra");
  const auto watch = caller.stub().WatchToken(&context, request);
  v1::WatchTokenResponse event;
  ASSERT_TRUE(watch->Read(&event));
  Write(text);
  ASSERT_TRUE(watch->Read(&event));
  EXPECT_EQ(event.revoked().reason(), v1::Revoked::REASON_TENANT_REMOVED);
  EXPECT_FALSE(watch->Read(&event));
  EXPECT_TRUE(watch->Finish().ok());
  EXPECT_TRUE(Eventually([&] { return deployment_.upstream().Calls("logout") == 1; }));
  EXPECT_EQ(GetToken(caller, "extra").error_code(), grpc::StatusCode::NOT_FOUND);

  const Answer after = caller.GetToken();
  EXPECT_EQ(after.token.access_token(), before.token.access_token());
  EXPECT_EQ(after.token.generation(), before.token.generation());
  EXPECT_EQ(deployment_.upstream().Calls("login"), 2);
  EXPECT_EQ(deployment_.upstream().Calls("session"), 0);
}

TEST_F(Reloading, RemovedAccountIsLoggedOutAndItsWatchEnds) {
  Caller caller = deployment_.NewCaller();
  ASSERT_TRUE(caller.GetToken().ok());
  Watch watch(caller, "second");
  ASSERT_TRUE(watch.Next().has_value());
  Replace(absl::StrCat("  - {name: second, email: ", kSecondEmail, ", password_file: second}\n"),
          "");
  const auto event = watch.Next();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->revoked().reason(), v1::Revoked::REASON_TENANT_REMOVED);
  EXPECT_FALSE(watch.Next().has_value());
  EXPECT_TRUE(watch.End().ok());
  EXPECT_TRUE(Eventually([&] { return deployment_.upstream().Calls("logout") == 1; }));
  EXPECT_TRUE(caller.GetToken().ok());
  EXPECT_EQ(deployment_.upstream().Calls("login"), 2);
}

TEST_F(Reloading, Row31BadConfigurationKeepsTheOldOneWholeAndIsCountedAndTold) {
  Caller caller = deployment_.NewCaller();
  ASSERT_TRUE(caller.GetToken().ok());
  // Good in its first half, which must not come into force alone.
  Write(absl::StrCat(WithTenant("extra"), "unknown: 1\n"));
  ASSERT_TRUE(WaitForFailures(1));
  EXPECT_TRUE(deployment_.broker().WaitForError("unknown field"));
  EXPECT_EQ(GetToken(caller, "extra").error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_TRUE(caller.GetToken().ok());
  EXPECT_EQ(Generation("config"), 1);
  EXPECT_EQ(deployment_.Get("/readyz").status, 200);
  // Asked again, the broker says again what is wrong.
  deployment_.broker().Signal(SIGHUP);
  EXPECT_TRUE(WaitForFailures(2));
  Replace("unknown: 1\n", "");
  EXPECT_TRUE(WaitForGeneration(2));
  EXPECT_TRUE(GetToken(caller, "extra").ok());
  EXPECT_EQ(Failures("config"), 2);
}

TEST_F(Reloading, RulesHoldForTheNextCall) {
  Caller caller = deployment_.NewCaller();
  ASSERT_TRUE(caller.GetToken("demo").ok());
  ASSERT_TRUE(caller.GetToken("second").ok());
  Write(absl::StrCat(Text(), "  allow: [{principal: local, accounts: [demo], rpcs: [GetToken]}]\n",
                     "operators: []\n"));
  ASSERT_TRUE(WaitForGeneration(2));
  EXPECT_TRUE(caller.GetToken("demo").ok());
  EXPECT_EQ(caller.GetToken("second").reason, "CALLER_NOT_ALLOWED");
  EXPECT_EQ(caller.Refresh("demo").reason, "CALLER_NOT_ALLOWED");
  EXPECT_EQ(deployment_.upstream().Calls("logout"), 0);
}

TEST_F(Reloading, WhatNeedsARestartKeepsItsValueAndIsNamed) {
  Replace("  listen: 127.0.0.1:0\n", "  listen: 127.0.0.1:1\n  reflection: true\n");
  Write(WithTenant("extra"));
  ASSERT_TRUE(WaitForGeneration(2));
  EXPECT_TRUE(deployment_.broker().WaitForError("\"field\":\"server.listen\""));
  EXPECT_TRUE(deployment_.broker().WaitForError("\"field\":\"server.reflection\""));
  // The rest is in force.
  Caller caller = deployment_.NewCaller();
  EXPECT_TRUE(caller.GetToken().ok());
  ASSERT_TRUE(WaitForGeneration(2));
  EXPECT_TRUE(GetToken(caller, "extra").ok());
}

TEST_F(Reloading, Row32ChangedPasswordEndsTheHoldAtOnce) {
  constexpr char kNewPassword[] = "Canary-Password-that-is-new-51aa70";
  deployment_.upstream().Change({{"email", kEmail}, {"password", kNewPassword}});
  Caller caller = deployment_.NewCaller();
  EXPECT_EQ(caller.GetToken().reason, "CREDENTIAL_REJECTED");
  EXPECT_EQ(caller.GetToken().reason, "CREDENTIAL_HELD_BACK");
  deployment_.folder().Write("demo", absl::StrCat(kNewPassword, "\n"));
  EXPECT_TRUE(Eventually([&] { return caller.GetToken().ok(); }));
  // One for the wrong password, one for the right one.
  EXPECT_EQ(deployment_.upstream().Calls("login"), 2);
  EXPECT_TRUE(WaitForGeneration(2, "secret"));
}

TEST_F(Reloading, Row32SecretThatIsGoneOrEmptyLeavesTheKeysInForce) {
  Caller caller = deployment_.NewCaller();
  ASSERT_TRUE(caller.GetToken().ok());
  deployment_.folder().Write("demo", "");
  ASSERT_TRUE(WaitForFailures(1, "secret"));
  fs::remove(deployment_.folder().Path("demo"));
  ASSERT_TRUE(WaitForFailures(2, "secret"));
  EXPECT_TRUE(deployment_.broker().WaitForError("tenants[0].accounts[0].password_file"));
  v1::LoginRequest again;
  again.set_force_new(true);
  const Answer answer = caller.Login(again);
  EXPECT_TRUE(answer.ok()) << answer.Text();
  EXPECT_EQ(answer.token.generation(), 2u);
}

// As a ConfigMap and a Secret are updated: `..data` is a link to a folder, and is replaced.
TEST_F(Reloading, Row32SwappedFolderIsTakenUpWhole) {
  constexpr char kNewPassword[] = "Canary-Password-that-is-new-51aa70";
  const fs::path folder = deployment_.folder().path();
  const std::vector<std::string> names = {"credbrokerd.yaml", "demo", "second"};
  fs::create_directory(folder / "..v1");
  fs::create_directory_symlink("..v1", folder / "..data");
  for (const std::string& name : names) {
    fs::rename(folder / name, folder / "..v1" / name);
    fs::create_symlink(fs::path("..data") / name, folder / name);
  }
  deployment_.RestartBroker();
  Caller caller = deployment_.NewCaller();
  ASSERT_TRUE(caller.GetToken().ok());

  deployment_.upstream().Change({{"email", kEmail}, {"password", kNewPassword}});
  fs::create_directory(folder / "..v2");
  for (const std::string& name : names) {
    fs::copy_file(folder / "..v1" / name, folder / "..v2" / name);
  }
  deployment_.folder().Write("..v2/demo", kNewPassword);
  deployment_.folder().Write("..v2/credbrokerd.yaml", WithTenant("extra"));
  fs::create_directory_symlink("..v2", folder / "..data_tmp");
  fs::rename(folder / "..data_tmp", folder / "..data");
  fs::remove_all(folder / "..v1");

  ASSERT_TRUE(WaitForGeneration(2));
  EXPECT_TRUE(WaitForGeneration(2, "secret"));
  EXPECT_TRUE(GetToken(caller, "extra").ok());
  v1::LoginRequest again;
  again.set_force_new(true);
  EXPECT_TRUE(caller.Login(again).ok());
  EXPECT_EQ(Failures("config"), 0);
  EXPECT_EQ(Failures("secret"), 0);
}

TEST_F(Reloading, NoCallFailsThroughTwentyReloads) {
  const std::string text = Text();
  ASSERT_TRUE(deployment_.NewCaller().GetToken().ok());
  std::atomic<bool> over = false;
  std::atomic<int> calls = 0;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      Caller caller = deployment_.NewCaller();
      while (!over) {
        ++calls;
        if (!caller.GetToken(i % 2 == 0 ? "demo" : "second").ok()) ++failures;
      }
    });
  }
  for (int reload = 1; reload <= 20; ++reload) {
    Write(text + absl::StrReplaceAll(WithTenant("extra").substr(Text().size()),
                                     {{"extra", absl::StrCat("extra", reload)}}));
    deployment_.broker().Signal(SIGHUP);
    EXPECT_TRUE(WaitForGeneration(reload + 1));
  }
  over = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0) << "of " << calls;
  EXPECT_GT(calls, 20);
  EXPECT_EQ(deployment_.upstream().Calls("logout"), 0);
  // No token was asked for of the others.
  EXPECT_EQ(deployment_.upstream().Calls("login"), 2);
}

}  // namespace
}  // namespace credbroker
