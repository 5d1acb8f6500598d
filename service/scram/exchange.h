#ifndef CREDBROKER_SERVICE_SCRAM_EXCHANGE_H_
#define CREDBROKER_SERVICE_SCRAM_EXCHANGE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "service/base/secret.h"
#include "service/model/mechanism.h"
#include "service/scram/keys.h"
#include "service/scram/messages.h"

namespace credbroker {

// The client's side of one SCRAM exchange (RFC 5802 section 3), front door of this folder:
//
//   ClientFirst ─► server ─► OnServerFirst ─► (keys, on a worker) ─► ClientFinal ─► server
//   ─► VerifyServerFinal ─► only now is the server's answer worth reading
//
// Each method is to be called once, in this order, and not after one has failed: anything else is a
// broken caller and aborts, so that no proof is made twice. Not thread-safe. Move-only; what it was
// moved from is done.
class ScramExchange {
 public:
  // `user` is prepared here; see SaslPrepUser for how that fails. `client_nonce` comes from
  // MakeClientNonce (aborts if it is no nonce).
  static absl::StatusOr<ScramExchange> New(Mechanism mechanism, absl::string_view user,
                                           std::string client_nonce, const ScramLimits& limits);

  ScramExchange(ScramExchange&& other) noexcept;
  ScramExchange& operator=(ScramExchange&& other) noexcept;

  // What to send first. `user` is prepared but not escaped, as the JSON `email` wants it.
  struct First {
    std::string user;
    std::string nonce;
  };
  First ClientFirst();

  // What to derive the keys from. UPSTREAM_UNTRUSTED: see ValidateServerFirst.
  absl::StatusOr<KeyParameters> OnServerFirst(ServerFirst server_first);

  // What to send last: the server's nonce, and the proof in base64.
  struct Final {
    std::string nonce;
    std::string proof;
  };
  // `keys` are those of the parameters that OnServerFirst returned.
  Final ClientFinal(const ScramKeys& keys);

  // Whether the server has proved that it knows the account. `signature` is strict base64, empty if
  // upstream sent none. UPSTREAM_UNTRUSTED unless it is the ServerSignature to the bit, which is
  // compared in constant time.
  absl::Status VerifyServerFinal(absl::string_view signature);

 private:
  // Which method is next.
  enum class Next { kClientFirst, kServerFirst, kClientFinal, kServerFinal, kNothing };

  ScramExchange(Mechanism mechanism, std::string user, std::string client_nonce,
                const ScramLimits& limits);
  // Aborts unless `step` is next. Nothing is, until the method has succeeded.
  void Begin(Next step);

  Mechanism mechanism_;
  std::string user_;
  std::string client_nonce_;
  ScramLimits limits_;
  Next next_ = Next::kClientFirst;
  ServerFirst server_first_;
  Secret server_signature_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SCRAM_EXCHANGE_H_
