#ifndef CREDBROKER_TESTS_SANDBOX_STATE_H_
#define CREDBROKER_TESTS_SANDBOX_STATE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "tests/sandbox/scram_server.h"
#include "tests/sandbox/settings.h"

namespace credbroker::sandbox {

// A change of an account, or a new one. Absent members stay as they are.
struct AccountChange {
  std::string email;
  std::optional<std::string> password;
  std::optional<bool> forbidden;
  std::optional<bool> locked;
  std::optional<unsigned> iterations;
  bool rotate_salt = false;
};

// A challenge that waits for its proof.
struct Challenge {
  std::string email;
  std::string platform;
  absl::Time expiry;
  std::unique_ptr<ScramServer> server;
};

struct Login {
  std::string device_id;
  std::string refresh_token;
  std::string token;
};

struct Refreshed {
  std::string device_id;
  std::string token;
};

struct TokenOwner {
  std::string email;
  std::string device_id;
  std::string jti;
};

// The claims of a JWT: right ones, or those of the fault member `token`.
enum class TokenKind { kGood, kExpired, kFarFuture, kNoExp, kNoClaims, kNotJwt };

// Accounts, challenges, sessions. Thread-safe; keys are derived outside the lock.
class State {
 public:
  State(Mechanism mechanism, unsigned iterations, int lock_after);

  Mechanism mechanism() const { return mechanism_; }

  // INVALID_ARGUMENT: the e-mail or the password is not fit, or a new account has no password.
  absl::Status PutAccount(const AccountChange& change);

  // The account's keys; made-up ones, against which no proof is right, for an unknown e-mail.
  absl::StatusOr<ScramKeys> KeysOf(const std::string& email);

  void AddChallenge(const std::string& nonce, Challenge challenge);
  // nullopt if there is none. It is gone afterwards: challenges are for single use.
  std::optional<Challenge> TakeChallenge(const std::string& nonce);

  // After a wrong proof: UNAUTHENTICATED always.
  absl::Status RejectLogin(const std::string& email);
  // After a right proof: UNAUTHENTICATED if the account is locked, PERMISSION_DENIED if forbidden.
  absl::StatusOr<Login> AcceptLogin(const std::string& email, TokenKind kind,
                                    const Settings& settings);

  // OUT_OF_RANGE (answered 416) if the refresh token is unknown or dead; PERMISSION_DENIED.
  absl::StatusOr<Refreshed> Refresh(const std::string& refresh_token, TokenKind kind,
                                    const Settings& settings);
  // UNAUTHENTICATED without a live JWT.
  absl::Status Logout(const std::string& token);
  // UNAUTHENTICATED without a live JWT.
  absl::StatusOr<TokenOwner> WhoIs(const std::string& token) const;

  // Each time that a refresh token comes: counts it if the client knows that it is dead.
  void CountPresented(const std::string& refresh_token);
  // A refresh token that the client was told (truly or by a fault) is dead.
  void Retire(const std::string& refresh_token);
  // For an empty e-mail: every account. Returns the number of sessions touched.
  size_t Revoke(const std::string& email, bool tokens, bool refresh_tokens);

  // A proof that came with a login.
  void NoteProof(const std::string& proof);
  // The first kMaxSecrets of each kind that went over the wire: {"tokens", "refresh_tokens",
  // "proofs"}.
  nlohmann::json Secrets() const;

  bool HasAccount(const std::string& email) const;
  // Whose call it is, for statistics and faults; "" if unknown.
  std::string EmailOfRefreshToken(const std::string& refresh_token) const;
  std::string EmailOfToken(const std::string& token) const;

  // The part of the statistics that is kept here: {"reused_after_dead", "accounts"}.
  nlohmann::json ToJson() const;
  void ResetCounters();

 private:
  struct Account {
    std::string password;
    std::string salt;
    unsigned iterations = 0;
    std::optional<ScramKeys> keys;
    bool forbidden = false;
    bool locked = false;
    int wrong_in_a_row = 0;
    int64_t devices = 0, logins_ok = 0, logins_rejected = 0, refreshes_ok = 0, logouts_ok = 0;
  };
  struct Session {
    std::string email;
    std::string device_id;
    std::string refresh_token;
    bool refresh_token_live = true;
    std::vector<std::string> tokens;
  };
  struct Token {
    uint64_t session = 0;
    absl::Time expiry;
    std::string jti;
  };

  std::string IssueToken(uint64_t id, TokenKind kind, const Settings& settings)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  const Token* LiveToken(const std::string& token) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void DropTokens(Session& session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropExpiredTokens(Session& session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void KillRefreshToken(Session& session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MarkDead(const std::string& refresh_token, const std::string& email)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ScramKeys MadeUpKeys(const std::string& email) const;

  const Mechanism mechanism_;
  const unsigned default_iterations_;
  const int lock_after_;
  // Signs JWTs, and makes up salts.
  const std::string key_;

  mutable absl::Mutex mutex_;
  std::map<std::string, Account> accounts_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Challenge> challenges_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<uint64_t, Session> sessions_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<std::string, uint64_t> refresh_tokens_ ABSL_GUARDED_BY(mutex_);
  // Refresh tokens whose death the client knows of, and whose they were.
  std::unordered_map<std::string, std::string> dead_refresh_tokens_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Token> tokens_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_session_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> seen_tokens_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> seen_refresh_tokens_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> seen_proofs_ ABSL_GUARDED_BY(mutex_);
  int64_t reused_after_dead_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_STATE_H_
