#include "tests/sandbox/state.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "tests/sandbox/jwt.h"
#include "tests/sandbox/random.h"

namespace credbroker::sandbox {
namespace {

constexpr size_t kSaltSize = 16;
constexpr size_t kMaxChallenges = 100'000;
constexpr size_t kMaxSecrets = 10'000;

// A NumericDate (RFC 7519 section 2): whole where it can be, as servers commonly write it.
nlohmann::json NumericDate(absl::Time time) {
  const absl::Duration since_epoch = time - absl::UnixEpoch();
  if (since_epoch % absl::Seconds(1) == absl::ZeroDuration()) return absl::ToUnixSeconds(time);
  return absl::ToDoubleSeconds(since_epoch);
}

void Note(const std::string& secret, std::vector<std::string>& seen) {
  if (seen.size() < kMaxSecrets) seen.push_back(secret);
}

}  // namespace

State::State(Mechanism mechanism, unsigned iterations, int lock_after)
    : mechanism_(mechanism),
      default_iterations_(iterations),
      lock_after_(lock_after),
      key_(RandomBytes(32)) {}

absl::Status State::PutAccount(const AccountChange& change) {
  const auto email = SaslPrep(change.email);
  if (!email.ok() || email->empty()) return absl::InvalidArgumentError("unfit e-mail");
  std::optional<std::string> password;
  if (change.password) {
    const auto prepared = SaslPrep(*change.password);
    if (!prepared.ok() || prepared->empty()) return absl::InvalidArgumentError("unfit password");
    password = *prepared;
  }
  absl::MutexLock lock(&mutex_);
  if (!password && accounts_.find(*email) == accounts_.end()) {
    return absl::InvalidArgumentError("a new account needs a password");
  }
  Account& account = accounts_[*email];
  if (account.iterations == 0) account.iterations = default_iterations_;
  if (change.iterations) account.iterations = *change.iterations;
  if (password) account.password = *std::move(password);
  if (account.salt.empty() || change.password || change.iterations || change.rotate_salt) {
    account.salt = RandomBytes(kSaltSize);
    account.keys.reset();
  }
  if (change.forbidden) account.forbidden = *change.forbidden;
  if (change.locked) {
    account.locked = *change.locked;
    account.wrong_in_a_row = 0;
  }
  return absl::OkStatus();
}

ScramKeys State::MadeUpKeys(const std::string& email) const {
  unsigned char mac[EVP_MAX_MD_SIZE];
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(email.data()), email.size(), mac, nullptr);
  const size_t size = HashSize(mechanism_);
  return ScramKeys{std::string(reinterpret_cast<char*>(mac), kSaltSize), default_iterations_,
                   RandomBytes(size), RandomBytes(size)};
}

absl::StatusOr<ScramKeys> State::KeysOf(const std::string& email) {
  std::string password, salt;
  unsigned iterations = 0;
  {
    absl::MutexLock lock(&mutex_);
    const auto account = accounts_.find(email);
    if (account == accounts_.end()) return MadeUpKeys(email);
    if (account->second.keys) return *account->second.keys;
    password = account->second.password;
    salt = account->second.salt;
    iterations = account->second.iterations;
  }
  auto keys = DeriveKeys(mechanism_, password, salt, iterations);
  if (!keys.ok()) return keys.status();
  absl::MutexLock lock(&mutex_);
  const auto account = accounts_.find(email);
  // Each change of the password or the count draws a new salt.
  if (account != accounts_.end() && account->second.salt == salt) account->second.keys = *keys;
  return keys;
}

void State::AddChallenge(const std::string& nonce, Challenge challenge) {
  absl::MutexLock lock(&mutex_);
  if (challenges_.size() >= kMaxChallenges) {
    std::erase_if(challenges_,
                  [now = absl::Now()](const auto& entry) { return entry.second.expiry <= now; });
  }
  challenges_.insert_or_assign(nonce, std::move(challenge));
}

std::optional<Challenge> State::TakeChallenge(const std::string& nonce) {
  absl::MutexLock lock(&mutex_);
  auto node = challenges_.extract(nonce);
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped());
}

absl::Status State::RejectLogin(const std::string& email) {
  absl::MutexLock lock(&mutex_);
  const auto found = accounts_.find(email);
  if (found != accounts_.end()) {
    Account& account = found->second;
    ++account.logins_rejected;
    ++account.wrong_in_a_row;
    if (lock_after_ > 0 && account.wrong_in_a_row >= lock_after_) account.locked = true;
  }
  return absl::UnauthenticatedError("wrong credentials");
}

absl::StatusOr<Login> State::AcceptLogin(const std::string& email, TokenKind kind,
                                         const Settings& settings) {
  absl::MutexLock lock(&mutex_);
  const auto found = accounts_.find(email);
  if (found == accounts_.end()) return absl::UnauthenticatedError("wrong credentials");
  Account& account = found->second;
  if (account.locked) {
    ++account.logins_rejected;
    return absl::UnauthenticatedError("wrong credentials");
  }
  if (account.forbidden) return absl::PermissionDeniedError("account is forbidden");
  account.wrong_in_a_row = 0;
  ++account.logins_ok;
  ++account.devices;
  const uint64_t id = ++last_session_;
  Session& session = sessions_[id];
  session.email = email;
  session.device_id = absl::StrCat("device-", id);
  session.refresh_token = RandomText();
  refresh_tokens_[session.refresh_token] = id;
  Note(session.refresh_token, seen_refresh_tokens_);
  return Login{session.device_id, session.refresh_token, IssueToken(id, kind, settings)};
}

absl::StatusOr<Refreshed> State::Refresh(const std::string& refresh_token, TokenKind kind,
                                         const Settings& settings) {
  absl::MutexLock lock(&mutex_);
  const auto found = refresh_tokens_.find(refresh_token);
  if (found == refresh_tokens_.end()) {
    MarkDead(refresh_token, "");
    return absl::OutOfRangeError("refresh token is invalid");
  }
  const uint64_t id = found->second;
  Session& session = sessions_[id];
  if (!session.refresh_token_live) {
    const std::string email = session.email;
    KillRefreshToken(session);
    MarkDead(refresh_token, email);
    return absl::OutOfRangeError("refresh token is invalid");
  }
  Account& account = accounts_[session.email];
  if (account.forbidden) return absl::PermissionDeniedError("account is forbidden");
  ++account.refreshes_ok;
  DropExpiredTokens(session);
  return Refreshed{session.device_id, IssueToken(id, kind, settings)};
}

absl::Status State::Logout(const std::string& token) {
  absl::MutexLock lock(&mutex_);
  const Token* live = LiveToken(token);
  if (live == nullptr) return absl::UnauthenticatedError("no such session");
  const uint64_t id = live->session;
  Session& session = sessions_[id];
  ++accounts_[session.email].logouts_ok;
  MarkDead(session.refresh_token, session.email);
  KillRefreshToken(session);
  DropTokens(session);
  sessions_.erase(id);
  return absl::OkStatus();
}

absl::StatusOr<TokenOwner> State::WhoIs(const std::string& token) const {
  absl::ReaderMutexLock lock(&mutex_);
  const Token* live = LiveToken(token);
  if (live == nullptr) return absl::UnauthenticatedError("no such session");
  const Session& session = sessions_.at(live->session);
  return TokenOwner{session.email, session.device_id, live->jti};
}

void State::CountPresented(const std::string& refresh_token) {
  absl::MutexLock lock(&mutex_);
  if (dead_refresh_tokens_.count(refresh_token) > 0) ++reused_after_dead_;
}

void State::Retire(const std::string& refresh_token) {
  absl::MutexLock lock(&mutex_);
  const auto found = refresh_tokens_.find(refresh_token);
  std::string email;
  if (found != refresh_tokens_.end()) {
    Session& session = sessions_[found->second];
    email = session.email;
    KillRefreshToken(session);
  }
  MarkDead(refresh_token, email);
}

size_t State::Revoke(const std::string& email, bool tokens, bool refresh_tokens) {
  absl::MutexLock lock(&mutex_);
  size_t count = 0;
  for (auto& [id, session] : sessions_) {
    if (!email.empty() && session.email != email) continue;
    ++count;
    if (tokens) DropTokens(session);
    // Still known by name, so that the 416 that is to come counts as the first.
    if (refresh_tokens) session.refresh_token_live = false;
  }
  return count;
}

void State::NoteProof(const std::string& proof) {
  absl::MutexLock lock(&mutex_);
  Note(proof, seen_proofs_);
}

nlohmann::json State::Secrets() const {
  absl::ReaderMutexLock lock(&mutex_);
  return {
      {"tokens", seen_tokens_}, {"refresh_tokens", seen_refresh_tokens_}, {"proofs", seen_proofs_}};
}

bool State::HasAccount(const std::string& email) const {
  absl::ReaderMutexLock lock(&mutex_);
  return accounts_.find(email) != accounts_.end();
}

std::string State::EmailOfRefreshToken(const std::string& refresh_token) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = refresh_tokens_.find(refresh_token);
  if (found != refresh_tokens_.end()) return sessions_.at(found->second).email;
  const auto dead = dead_refresh_tokens_.find(refresh_token);
  return dead == dead_refresh_tokens_.end() ? "" : dead->second;
}

std::string State::EmailOfToken(const std::string& token) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = tokens_.find(token);
  return found == tokens_.end() ? "" : sessions_.at(found->second.session).email;
}

nlohmann::json State::ToJson() const {
  struct Live {
    int64_t sessions = 0, refresh_tokens = 0, tokens = 0;
  };
  absl::ReaderMutexLock lock(&mutex_);
  std::map<absl::string_view, Live> live;
  for (const auto& [id, session] : sessions_) {
    Live& of_account = live[session.email];
    const auto tokens = std::count_if(session.tokens.begin(), session.tokens.end(),
                                      [this](const std::string& token) {
                                        mutex_.AssertReaderHeld();
                                        return LiveToken(token) != nullptr;
                                      });
    of_account.tokens += tokens;
    of_account.refresh_tokens += session.refresh_token_live ? 1 : 0;
    of_account.sessions += session.refresh_token_live || tokens > 0 ? 1 : 0;
  }
  auto accounts = nlohmann::json::object();
  for (const auto& [email, account] : accounts_) {
    const Live& of_account = live[email];
    accounts[email] = {{"logins_ok", account.logins_ok},
                       {"logins_rejected", account.logins_rejected},
                       {"refreshes_ok", account.refreshes_ok},
                       {"logouts_ok", account.logouts_ok},
                       {"devices", account.devices},
                       {"locked", account.locked},
                       {"forbidden", account.forbidden},
                       {"sessions_live", of_account.sessions},
                       {"refresh_tokens_live", of_account.refresh_tokens},
                       {"jwts_live", of_account.tokens}};
  }
  return {{"reused_after_dead", reused_after_dead_}, {"accounts", std::move(accounts)}};
}

void State::ResetCounters() {
  absl::MutexLock lock(&mutex_);
  reused_after_dead_ = 0;
  for (auto& [email, account] : accounts_) {
    account.logins_ok = account.logins_rejected = 0;
    account.refreshes_ok = account.logouts_ok = 0;
  }
}

std::string State::IssueToken(uint64_t id, TokenKind kind, const Settings& settings) {
  Session& session = sessions_[id];
  const std::string jti = RandomText();
  const absl::Time now = absl::Now();
  absl::Duration lifetime = settings.token_lifetime;
  if (kind == TokenKind::kExpired) lifetime = -absl::Minutes(1);
  if (kind == TokenKind::kFarFuture) lifetime = absl::Hours(24 * 3650);
  // Whole lifetimes get whole claims, short ones exact claims: else they would be born expired.
  const bool whole = lifetime % absl::Seconds(1) == absl::ZeroDuration();
  const absl::Time issued = whole ? absl::FromUnixSeconds(absl::ToUnixSeconds(now)) : now;
  nlohmann::json claims = {{"sub", session.email}, {"jti", jti}};
  if (kind != TokenKind::kNoClaims) claims["iat"] = NumericDate(issued);
  if (kind != TokenKind::kNoClaims && kind != TokenKind::kNoExp) {
    claims["exp"] = NumericDate(issued + lifetime);
  }
  std::string token = kind == TokenKind::kNotJwt ? jti : SignJwt(claims, key_);
  tokens_[token] = Token{id, now + lifetime, jti};
  Note(token, seen_tokens_);
  session.tokens.push_back(token);
  return token;
}

const State::Token* State::LiveToken(const std::string& token) const {
  const auto found = tokens_.find(token);
  if (found == tokens_.end() || absl::Now() >= found->second.expiry) return nullptr;
  return &found->second;
}

void State::DropTokens(Session& session) {
  for (const std::string& token : session.tokens) tokens_.erase(token);
  session.tokens.clear();
}

void State::DropExpiredTokens(Session& session) {
  std::erase_if(session.tokens, [this](const std::string& token) {
    mutex_.AssertHeld();
    if (LiveToken(token) != nullptr) return false;
    tokens_.erase(token);
    return true;
  });
}

void State::KillRefreshToken(Session& session) {
  session.refresh_token_live = false;
  refresh_tokens_.erase(session.refresh_token);
}

void State::MarkDead(const std::string& refresh_token, const std::string& email) {
  dead_refresh_tokens_.emplace(refresh_token, email);
}

}  // namespace credbroker::sandbox
