#include "service/operator/probe.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "service/model/failure.h"
#include "service/operator/upstream_conversation.h"
#include "service/scram/mechanism_traits.h"
#include "service/scram/saslprep.h"
#include "service/upstream/connection_probe.h"
#include "service/upstream/file_credential.h"

namespace credbroker {
namespace {

constexpr absl::Duration kCertificateEndsSoon = absl::Hours(24 * 14);
// The Date header has whole seconds.
constexpr absl::Duration kClockTolerance = absl::Seconds(5);

std::string Milliseconds(absl::Duration duration) {
  return absl::StrCat(absl::ToInt64Milliseconds(duration));
}

std::string UtcText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

ProbeCheck Failed(std::string name, const absl::Status& status) {
  ProbeCheck check{std::move(name), ProbeResult::kFailed, std::string(status.message()), {}};
  if (const std::optional<Reason> reason = ReasonOf(status)) {
    check.facts.emplace_back("reason", std::string(ReasonName(*reason)));
  }
  return check;
}

// One after the other.
class Probing {
 public:
  Probing(ConfiguredAccount account, absl::Time now)
      : account_(std::move(account)), now_(now), conversation_(account_) {
    report_.tenant = account_.tenant->name;
    report_.account = account_.account.name;
    report_.base_url = account_.tenant->base_url;
    report_.mechanism = std::string(MechanismName(account_.tenant->mechanism));
  }

  ProbeReport Run(bool spend_attempts) {
    const bool reachable = CheckConnection();
    std::optional<KeyParameters> parameters;
    if (reachable) parameters = CheckScram();
    const bool credential = CheckCredential(parameters);
    if (spend_attempts && parameters.has_value() && credential) SpendAttempts();
    return std::move(report_);
  }

 private:
  void Add(ProbeCheck check) { report_.checks.push_back(std::move(check)); }

  bool CheckConnection() {
    const ConnectionFacts facts = ProbeConnection(*account_.tenant);
    ProbeCheck connect{"connect", ProbeResult::kOk, "", {}};
    if (!facts.connected) {
      Add(Failed("connect", facts.status));
      return false;
    }
    const char* const whom = account_.tenant->proxy.empty() ? "connected to " : "the proxy is at ";
    connect.message = absl::StrCat(whom, facts.address);
    connect.facts.emplace_back("address", facts.address);
    if (facts.connect_time.has_value()) {
      const std::string whole = Milliseconds(*facts.connect_time);
      absl::StrAppend(&connect.message, " in ", whole, " ms, of which the name took ",
                      Milliseconds(facts.resolve_time.value_or(absl::ZeroDuration())));
      connect.facts.emplace_back("milliseconds", whole);
    }
    Add(std::move(connect));
    if (absl::StartsWith(account_.tenant->base_url, "https://")) {
      AddTls(facts);
    } else if (!facts.status.ok()) {
      Add(Failed("connect", facts.status));
    }
    return facts.status.ok();
  }

  void AddTls(const ConnectionFacts& facts) {
    ProbeCheck tls{"tls", ProbeResult::kOk, "", {}};
    if (!facts.status.ok()) tls = Failed("tls", facts.status);
    if (!facts.tls_version.empty()) {
      tls.facts.insert(
          tls.facts.end(),
          {{"version", facts.tls_version}, {"subject", facts.subject}, {"issuer", facts.issuer}});
      absl::StrAppend(&tls.message, tls.message.empty() ? "" : "; ", facts.tls_version,
                      ", certificate of ", facts.subject, ", issued by ", facts.issuer);
    }
    if (facts.not_after.has_value()) {
      tls.facts.emplace_back("expires", UtcText(*facts.not_after));
      const absl::Duration left = *facts.not_after - now_;
      absl::StrAppend(&tls.message, left > absl::ZeroDuration() ? ", expires " : ", EXPIRED ",
                      UtcText(*facts.not_after));
      if (left < kCertificateEndsSoon && tls.result == ProbeResult::kOk) {
        tls.result = ProbeResult::kWarning;
        absl::StrAppend(&tls.message, ": in less than two weeks");
      }
    }
    Add(std::move(tls));
  }

  std::optional<KeyParameters> CheckScram() {
    const absl::StatusOr<UpstreamConversation::FirstAnswer> answer = conversation_.AskFirst();
    if (!answer.ok()) {
      Add(Failed("scram", answer.status()));
      return std::nullopt;
    }
    const KeyParameters& parameters = answer->parameters;
    const std::string salt = absl::StrCat(parameters.salt.size());
    const std::string count = absl::StrCat(parameters.iteration_count);
    Add({"scram",
         ProbeResult::kOk,
         absl::StrCat("a salt of ", salt, " bytes, ", count, " iterations"),
         {{"saltBytes", salt}, {"iterationCount", count}}});
    AddClock(answer->clock_ahead);
    return parameters;
  }

  void AddClock(std::optional<absl::Duration> ahead) {
    ProbeCheck clock{"clock", ProbeResult::kOk, "", {}};
    if (!ahead.has_value()) {
      clock.result = ProbeResult::kWarning;
      clock.message = "upstream's answers have no Date: a challenge is trusted for 10 s only";
    } else {
      const std::string seconds = absl::StrCat(absl::ToInt64Seconds(*ahead));
      clock.facts.emplace_back("upstreamAheadSeconds", seconds);
      clock.message = absl::StrCat("upstream's clock is ahead by ", seconds, " s");
      if (absl::AbsDuration(*ahead) > kClockTolerance) {
        clock.result = ProbeResult::kWarning;
        absl::StrAppend(&clock.message,
                        ": the broker does not depend on it, but token times that people see are "
                        "off by as much");
      }
    }
    Add(std::move(clock));
  }

  // What can be said of the credential without showing it to upstream.
  bool CheckCredential(const std::optional<KeyParameters>& parameters) {
    const auto credential = ConfiguredCredential(account_.account);
    const bool keys = !account_.account.scram_keys_file.empty();
    const absl::StatusOr<Secret> secret = credential->Read();
    absl::Status status = secret.status();
    if (status.ok() && keys && parameters.has_value()) {
      status = credential->KeysFrom(*secret, *parameters).status();
    } else if (status.ok() && !keys) {
      status = SaslPrepPassword(*secret).status();
    }
    if (!status.ok()) {
      Add(Failed("credential", status));
      return false;
    }
    Add({"credential",
         ProbeResult::kOk,
         keys ? (parameters.has_value() ? "the SCRAM keys fit upstream's salt and iteration count"
                                        : "the SCRAM keys file can be read")
              : "the password file can be read; whether upstream accepts the password is not known",
         {{"kind", keys ? "scram_keys_file" : "password_file"}}});
    return true;
  }

  std::vector<Mechanism> MechanismsToTry() const {
    const Mechanism own = account_.tenant->mechanism;
    std::vector<Mechanism> mechanisms = {own};
    // Keys are for one mechanism.
    if (!account_.account.scram_keys_file.empty()) return mechanisms;
    for (const Mechanism other :
         {Mechanism::kScramSha1, Mechanism::kScramSha256, Mechanism::kScramSha512}) {
      if (other != own) mechanisms.push_back(other);
    }
    return mechanisms;
  }

  void SpendAttempts() {
    for (const Mechanism mechanism : MechanismsToTry()) {
      std::optional<absl::Status> logged_out;
      const absl::Status status = conversation_.TryLogin(mechanism, logged_out);
      AddLogin(mechanism, status, logged_out);
      // Only a rejection says that another mechanism could be right.
      if (ReasonOf(status) != Reason::kCredentialRejected) return;
    }
  }

  void AddLogin(Mechanism mechanism, const absl::Status& status,
                const std::optional<absl::Status>& logged_out) {
    const std::string name(MechanismName(mechanism));
    ProbeCheck login{"login", ProbeResult::kOk, "", {}};
    if (!status.ok()) {
      login = Failed("login", status);
      login.message = absl::StrCat(name, ": ", login.message);
    } else {
      login.message = absl::StrCat(name, ": accepted, and logged out again");
      if (mechanism != account_.tenant->mechanism) {
        login.result = ProbeResult::kWarning;
        absl::StrAppend(&login.message, "; set the tenant's mechanism to it");
      }
      if (logged_out.has_value() && !logged_out->ok()) {
        login.result = ProbeResult::kWarning;
        login.message = absl::StrCat(name, ": accepted; the session could not be logged out (",
                                     logged_out->message(), ") and stays until upstream ends it");
      }
    }
    login.facts.emplace_back("mechanism", name);
    Add(std::move(login));
  }

  const ConfiguredAccount account_;
  const absl::Time now_;
  UpstreamConversation conversation_;
  ProbeReport report_;
};

}  // namespace

bool ProbeReport::ok() const {
  return std::none_of(checks.begin(), checks.end(), [this](const ProbeCheck& check) {
    // Of several login attempts the last one counts.
    const bool superseded = check.name == "login" && &check != &checks.back();
    return check.result == ProbeResult::kFailed && !superseded;
  });
}

absl::StatusOr<ProbeReport> Probe(const ProbeOptions& options, absl::Time now) {
  absl::StatusOr<ConfiguredAccount> account = FindConfiguredAccount(options.choice);
  if (!account.ok()) return account.status();
  return Probing(*std::move(account), now).Run(options.spend_attempts);
}

}  // namespace credbroker
