#ifndef CREDBROKER_TESTS_SIMULATION_TRUTH_H_
#define CREDBROKER_TESTS_SIMULATION_TRUTH_H_

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "service/base/clock.h"
#include "tests/simulation/request.h"
#include "tests/simulation/schedule.h"

namespace credbroker::simulation {

// A token that upstream has issued. Its text is "access-<index>".
struct TrueToken {
  int session = 0;
  // What the broker is told: from when on it counts, and how long it lives.
  Instant sent;
  absl::Time sent_wall;
  absl::Duration lifetime;
  // When upstream stops to take it; early, if upstream has forgotten it.
  Instant ends;
};

// A session, or device, that upstream has made. Its refresh token is "refresh-<index>", alive as
// long as the session.
struct TrueSession {
  size_t account = 0;
  bool alive = true;
};

// What is really so: upstream's database, and the credential files beside the broker.
class Truth {
 public:
  struct Account {
    std::string password = "password-0";
    // The credential file's content.
    std::string file = "password-0";
    // What the last login presented; empty: there was none.
    std::string last_presented;
    absl::Duration lifetime;
    // How the next `fault_left` requests are treated.
    Fault fault = Fault::kNone;
    int fault_left = 0;
    // Only requests of this kind, if it is one.
    std::optional<RequestKind> fault_kind;

    Fault fault_in_force() const { return fault_left > 0 ? fault : Fault::kNone; }
  };

  explicit Truth(absl::Duration lifetime);

  Account& account(size_t index) { return accounts_[index]; }
  const Account& account(size_t index) const { return accounts_[index]; }

  int MakeSession(size_t account);
  // The newest session of the account that is alive; -1 if there is none.
  int LiveSession(size_t account) const;
  TrueSession& session(int index) { return sessions_[static_cast<size_t>(index)]; }
  const TrueSession& session(int index) const { return sessions_[static_cast<size_t>(index)]; }
  int sessions() const { return static_cast<int>(sessions_.size()); }

  int MakeToken(TrueToken token);
  TrueToken& token(int index) { return tokens_[static_cast<size_t>(index)]; }
  const TrueToken& token(int index) const { return tokens_[static_cast<size_t>(index)]; }

  static std::string AccessToken(int index);
  static std::string RefreshToken(int index);
  // The index in such a text; -1 if it is none that was issued.
  int FindToken(absl::string_view access_token) const;
  int FindSession(absl::string_view refresh_token) const;

 private:
  std::array<Account, kAccounts> accounts_;
  std::vector<TrueSession> sessions_;
  std::vector<TrueToken> tokens_;
};

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_TRUTH_H_
