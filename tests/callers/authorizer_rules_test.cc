#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "service/callers/authorizer.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

using Rules = std::optional<std::vector<AllowRule>>;

constexpr Rpc kRpcs[] = {Rpc::kGetToken,   Rpc::kLogin,  Rpc::kRefresh,
                         Rpc::kWatchToken, Rpc::kLogout, Rpc::kListSessions};

// The principal of each kind, and the pattern that stands for its family, if it has one.
struct Kind {
  const char* principal;
  const char* family;
};
constexpr Kind kKinds[] = {
    {"spiffe://a.example/ns/b/sa/c", "spiffe://a.example/ns/b/sa/*"},
    {"k8s:b/c", "k8s:b/*"},
    {"dns:c.example", nullptr},
    {"email:c@b.example", nullptr},
    {"cn:c", nullptr},
    {"local", nullptr},
};

// A kind of rule, made for a principal and an rpc, and whom it lets call that rpc: for the accounts
// "first" and "second", and for a caller's own. Null for `pattern`: there is no such rule.
struct RuleKind {
  const char* name;
  Rules (*make)(const std::string& pattern, const std::string& rpc);
  bool first, second, own;
};

Rules One(std::string pattern, std::vector<std::string> accounts, std::vector<std::string> rpcs) {
  return std::vector<AllowRule>{{std::move(pattern), std::move(accounts), std::move(rpcs)}};
}
using Text = const std::string&;
const RuleKind kRuleKinds[] = {
    {"empty", [](Text, Text) { return Rules(std::vector<AllowRule>{}); }, false, false, false},
    {"account and rpc", [](Text p, Text rpc) { return One(p, {"first"}, {rpc}); }, true, false,
     true},
    {"other account", [](Text p, Text rpc) { return One(p, {"second"}, {rpc}); }, false, true,
     true},
    {"both accounts",
     [](Text p, Text rpc) {
       return One(p, {"second", "first"}, {rpc});
     },
     true, true, true},
    {"all accounts", [](Text p, Text rpc) { return One(p, {"*"}, {rpc}); }, true, true, true},
    {"all rpcs", [](Text p, Text) { return One(p, {"first"}, {"*"}); }, true, false, true},
    {"all of both", [](Text p, Text) { return One(p, {"*"}, {"*"}); }, true, true, true},
    {"no account", [](Text p, Text rpc) { return One(p, {}, {rpc}); }, false, false, true},
    {"no rpc", [](Text p, Text) { return One(p, {"*"}, {}); }, false, false, false},
    {"other rpcs",
     [](Text p, Text rpc) {
       std::vector<std::string> others;
       for (const Rpc other : kRpcs) {
         if (RpcName(other) != rpc) others.emplace_back(RpcName(other));
       }
       return One(p, {"*"}, std::move(others));
     },
     false, false, false},
    {"other principal", [](Text p, Text) { return One(p + "x", {"*"}, {"*"}); }, false, false,
     false},
    {"two rules, each half",
     [](Text p, Text rpc) {
       return Rules({{p, {"first"}, {rpc}}, {p, {"second"}, {}}});
     },
     true, false, true},
    {"two rules, added up",
     [](Text p, Text rpc) {
       return Rules({{p, {"first"}, {rpc}}, {p, {"second"}, {"*"}}});
     },
     true, true, true},
};

std::shared_ptr<Tenant> MakeTenant(const char* name, Rules allow) {
  auto tenant = std::make_shared<Tenant>();
  tenant->name = name;
  tenant->caller_passwords = true;
  tenant->accounts = {{"first", "first@x.example", "", ""}, {"second", "second@x.example", "", ""}};
  tenant->allow = std::move(allow);
  return tenant;
}

// "acme" has the rules; beside it is a tenant that lets `principal` do everything.
TenantDirectory Directory(Rules allow, const std::string& principal) {
  return TenantDirectory(
      {MakeTenant("acme", std::move(allow)), MakeTenant("wide", One(principal, {"*"}, {"*"}))});
}

// Without an `operators` key nobody but `local` is one, so the rules are told from that by a list.
AccessPolicy Policy(bool plaintext) {
  AccessPolicy policy;
  policy.plaintext = plaintext;
  policy.operators.emplace();
  return policy;
}

std::string Outcome(const Caller& caller, Rpc rpc, absl::string_view account,
                    const TenantDirectory& tenants, const AccessPolicy& policy,
                    absl::string_view tenant = "acme") {
  const auto access = Decide(caller, {rpc, tenant, account, false, false}, tenants, policy);
  if (!access.ok()) return std::string(ReasonName(*ReasonOf(access.status())));
  return absl::StrCat(access->is_operator ? "operator " : "", access->key.account);
}

std::string Expected(bool allowed, const char* account) {
  return allowed ? account : "CALLER_NOT_ALLOWED";
}

TEST(AuthorizerRulesTest, EachRpcEachPrincipalAndEachRuleDecideAsTheTableSays) {
  for (const Rpc rpc : kRpcs) {
    for (const Kind& kind : kKinds) {
      for (const char* pattern : {kind.principal, kind.family}) {
        if (pattern == nullptr) continue;
        for (const RuleKind& rule : kRuleKinds) {
          SCOPED_TRACE(absl::StrCat(RpcName(rpc), ", ", pattern, ", ", rule.name));
          const TenantDirectory tenants =
              Directory(rule.make(pattern, std::string(RpcName(rpc))), kind.principal);
          const bool listing = rpc == Rpc::kListSessions;
          const Caller caller{{kind.principal}, ""};
          for (const bool plaintext : {true, false}) {
            const auto outcome = [&](absl::string_view account) {
              return Outcome(caller, rpc, account, tenants, Policy(plaintext));
            };
            EXPECT_EQ(outcome(""), Expected(rule.first && !listing, "first"));
            EXPECT_EQ(outcome("first"), Expected(rule.first && !listing, "first"));
            EXPECT_EQ(outcome("FIRST@x.example"), Expected(rule.first && !listing, "first"));
            EXPECT_EQ(outcome("second"), Expected(rule.second && !listing, "second"));
            EXPECT_EQ(outcome("Own@x.example"), Expected(rule.own && !listing, "own@x.example"));
            EXPECT_EQ(outcome("third"), "CALLER_NOT_ALLOWED");
          }
        }
      }
    }
  }
}

TEST(AuthorizerRulesTest, ARuleForOnePrincipalLetsNoOtherIn) {
  for (const Rpc rpc : kRpcs) {
    for (const Kind& named : kKinds) {
      const TenantDirectory tenants = Directory(One(named.principal, {"*"}, {"*"}), "cn:nobody");
      for (const Kind& asks : kKinds) {
        const bool same = absl::string_view(named.principal) == asks.principal;
        EXPECT_EQ(Outcome({{asks.principal}, ""}, rpc, "first", tenants, Policy(true)),
                  Expected(same && rpc != Rpc::kListSessions, "first"))
            << named.principal << " is named, " << asks.principal << " asks";
      }
    }
  }
}

TEST(AuthorizerRulesTest, WithoutAllowKeyOnlyLocalIsLetInAndOnlyOnPlaintextOutsideAPod) {
  for (const Rpc rpc : kRpcs) {
    const TenantDirectory tenants = Directory(std::nullopt, "cn:nobody");
    for (const Kind& kind : kKinds) {
      for (const bool plaintext : {true, false}) {
        for (const bool pod : {true, false}) {
          AccessPolicy policy = Policy(plaintext);
          policy.in_kubernetes_pod = pod;
          const bool open = absl::string_view(kind.principal) == kLocalPrincipal && plaintext &&
                            !pod && rpc != Rpc::kListSessions;
          const Caller caller{{kind.principal}, ""};
          EXPECT_EQ(Outcome(caller, rpc, "first", tenants, policy), Expected(open, "first"));
          EXPECT_EQ(Outcome(caller, rpc, "own@x.example", tenants, policy),
                    Expected(open, "own@x.example"));
          EXPECT_EQ(Outcome(caller, rpc, "first", tenants, policy, "wide"), "CALLER_NOT_ALLOWED");
        }
      }
    }
  }
}

// What the configuration says of operators, and whether each of kKinds is one.
TEST(AuthorizerRulesTest, OperatorsAreWhoIsNamedAndWithoutAKeyLocalOnPlaintextOutsideAPod) {
  const TenantDirectory tenants = Directory(std::vector<AllowRule>{}, "cn:nobody");
  for (const Rpc rpc : kRpcs) {
    const char* const account = rpc == Rpc::kListSessions ? "" : "first";
    const std::string as_operator = absl::StrCat("operator ", account);
    for (const Kind& kind : kKinds) {
      const Caller caller{{kind.principal}, ""};
      const bool is_local = absl::string_view(kind.principal) == kLocalPrincipal;
      for (const bool plaintext : {true, false}) {
        for (const bool pod : {true, false}) {
          AccessPolicy policy{pod, plaintext};
          const auto is_operator = [&] {
            return Outcome(caller, rpc, account, tenants, policy) == as_operator;
          };
          EXPECT_EQ(is_operator(), is_local && plaintext && !pod) << kind.principal;
          policy.operators.emplace();
          EXPECT_FALSE(is_operator()) << kind.principal;
          policy.operators->push_back("cn:other");
          EXPECT_FALSE(is_operator()) << kind.principal;
          policy.operators->push_back(kind.principal);
          EXPECT_TRUE(is_operator()) << kind.principal;
          if (kind.family == nullptr) continue;
          policy.operators = std::vector<std::string>{kind.family};
          EXPECT_TRUE(is_operator()) << kind.family;
        }
      }
    }
  }
}

TEST(AuthorizerRulesTest, OperatorSeesWhatDoesNotExistAndNeedsNoRule) {
  const TenantDirectory tenants = Directory(std::vector<AllowRule>{}, "cn:nobody");
  AccessPolicy policy = Policy(false);
  policy.operators = std::vector<std::string>{"cn:op"};
  const Caller caller{{"cn:op"}, ""};
  EXPECT_EQ(Outcome(caller, Rpc::kGetToken, "third", tenants, policy), "ACCOUNT_UNKNOWN");
  EXPECT_EQ(Outcome(caller, Rpc::kGetToken, "first", tenants, policy, "nobody"), "TENANT_UNKNOWN");
  EXPECT_EQ(Outcome(caller, Rpc::kListSessions, "", tenants, policy, "nobody"), "TENANT_UNKNOWN");
}

TEST(AuthorizerRulesTest, OnlyOperatorsReleaseHolds) {
  const TenantDirectory tenants = Directory(One("cn:c", {"*"}, {"*"}), "cn:c");
  const AccessRequest request{Rpc::kLogin, "acme", "first", false, /*release_hold=*/true};
  AccessPolicy policy = Policy(false);
  EXPECT_EQ(ReasonOf(Decide({{"cn:c"}, ""}, request, tenants, policy).status()),
            Reason::kCallerNotAllowed);
  policy.operators = std::vector<std::string>{"cn:c"};
  EXPECT_TRUE(Decide({{"cn:c"}, ""}, request, tenants, policy).ok());
}

TEST(AuthorizerRulesTest, EitherOfTwoPrincipalsMayAndTheOneThatMayIsNamed) {
  const TenantDirectory tenants = Directory(
      std::vector<AllowRule>{{"dns:a", {"first"}, {"*"}}, {"k8s:b/c", {"second"}, {"*"}}}, "cn:x");
  const Caller caller{{"dns:a", "k8s:b/c"}, ""};
  const AccessPolicy policy = Policy(false);
  const auto first =
      Decide(caller, {Rpc::kGetToken, "acme", "first", false, false}, tenants, policy);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->principal, 0u);
  const auto second =
      Decide(caller, {Rpc::kGetToken, "acme", "second", false, false}, tenants, policy);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->principal, 1u);
  AccessPolicy with_operator = policy;
  with_operator.operators = std::vector<std::string>{"k8s:*/*", "k8s:b/*"};
  const auto as_operator =
      Decide(caller, {Rpc::kGetToken, "acme", "first", false, false}, tenants, with_operator);
  ASSERT_TRUE(as_operator.ok());
  EXPECT_TRUE(as_operator->is_operator);
  EXPECT_EQ(as_operator->principal, 1u);
}

// Callers' passwords: the tenant must take them, and the caller must have a rule for Login.
TEST(AuthorizerRulesTest, PasswordNeedsARuleForLoginAndATenantThatTakesIt) {
  auto closed = MakeTenant("closed", One("cn:c", {"*"}, {"*"}));
  closed->caller_passwords = false;
  const TenantDirectory tenants({MakeTenant("acme", One("cn:c", {"first"}, {"Login"})),
                                 MakeTenant("reading", One("cn:c", {"*"}, {"GetToken"})), closed});
  const auto reason = [&](absl::string_view tenant, absl::string_view account) {
    return ReasonOf(
        Decide({{"cn:c"}, ""}, {Rpc::kLogin, tenant, account, true, false}, tenants, Policy(false))
            .status());
  };
  EXPECT_EQ(reason("acme", "own@x.example"), std::nullopt);
  EXPECT_EQ(reason("acme", "first@x.example"), Reason::kInvalidField);
  EXPECT_EQ(reason("acme", "first"), Reason::kInvalidField);
  EXPECT_EQ(reason("acme", "\xef\xbd\x81@x.example"), Reason::kInvalidField);
  EXPECT_EQ(reason("reading", "own@x.example"), Reason::kCallerNotAllowed);
  EXPECT_EQ(reason("closed", "own@x.example"), Reason::kCallerNotAllowed);
}

// Not a word, not a detail tells apart what is not there from what is not for the caller.
TEST(AuthorizerRulesTest, Row36UnknownAndForbiddenAreTheSameAnswer) {
  const TenantDirectory tenants({MakeTenant("acme", One("cn:other", {"*"}, {"*"})),
                                 MakeTenant("mine", One("cn:c", {"first"}, {"*"}))});
  for (const Rpc rpc : kRpcs) {
    for (const char* account : {"", "first", "third", "first@x.example", "own@x.example", "@"}) {
      for (const bool has_password : {false, true}) {
        for (const bool release_hold : {false, true}) {
          const auto status = [&](absl::string_view tenant) {
            return Decide({{"cn:c"}, ""}, {rpc, tenant, account, has_password, release_hold},
                          tenants, Policy(false))
                .status();
          };
          EXPECT_EQ(ReasonOf(status("acme")), Reason::kCallerNotAllowed) << account;
          EXPECT_EQ(status("acme"), status("nobody")) << account;
        }
      }
    }
    const auto mine = [&](absl::string_view account) {
      return Decide({{"cn:c"}, ""}, {rpc, "mine", account, false, false}, tenants, Policy(false))
          .status();
    };
    EXPECT_EQ(ReasonOf(mine("second")), Reason::kCallerNotAllowed);
    EXPECT_EQ(mine("second"), mine("third"));
  }
}

}  // namespace
}  // namespace credbroker
