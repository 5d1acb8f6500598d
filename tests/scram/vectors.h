#ifndef CREDBROKER_TESTS_SCRAM_VECTORS_H_
#define CREDBROKER_TESTS_SCRAM_VECTORS_H_

#include <array>
#include <cstdint>
#include <ostream>
#include <string>

#include "absl/strings/escaping.h"

#include "service/model/mechanism.h"
#include "service/scram/messages.h"

namespace credbroker {

// One whole exchange of user "user" with password "pencil".
struct ScramVector {
  const char* name;
  Mechanism mechanism;
  const char* client_nonce;
  const char* nonce;
  const char* salt;
  const char* proof;
  const char* signature;
  // In hexadecimal. The RFCs do not print these; they were computed with Python's hashlib, which
  // also gave the proofs and signatures above.
  const char* salted_password;
  const char* client_key;
  const char* server_key;
  const char* stored_key;
  const char* client_signature;

  ServerFirst server_first() const { return {nonce, salt, 4096}; }

  friend std::ostream& operator<<(std::ostream& out, const ScramVector& v) { return out << v.name; }
};

// RFC 5802 section 5, RFC 7677 section 3, and the test suite of Apache Qpid.
inline const std::array<ScramVector, 3> kScramVectors = {{
    {"Sha1", Mechanism::kScramSha1, "fyko+d2lbbFgONRv9qkxdawL",
     "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j", "QSXCR+Q6sek8bf92",
     "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
     "1d96ee3a529b5a5f9e47c01f229a2cb8a6e15f7d", "e234c47bf6c36696dd6d852b99aaa2ba26555728",
     "0fe09258b3ac852ba502cc62ba903eaacdbf7d31", "e9d94660c39d65c38fbad91c358f14da0eef2bd6",
     "5d7138c486b0bfabdf49e3e2da8bd6e5c79db613"},
    {"Sha256", Mechanism::kScramSha256, "rOprNGfwEbeRWgbNEkqO",
     "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "W22ZaJ0SNY7soEsUEjb6gQ==",
     "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
     "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d",
     "a60fc923d67e8644a92d16b96eda5ef4656b0c725c484374be25535576996e8b",
     "c1f3cbc1c13a9d35a14c0990eed97629ea225863e566a4314ab99f3f00e5d9d5",
     "586e5df283e6dceb5c3e791d8b8528ec191e664045ce971792e2e6b5bb13e2a6",
     "d27312467c28a40a8a7f05c73c0de33eb3cbfb4a83783b58144cf19ac6be1bdf"},
    {"Sha512", Mechanism::kScramSha512, "rOprNGfwEbeRWgbNEkqO",
     "rOprNGfwEbeRWgbNEkqO02431b08-2f89-4bad-a4e6-80c0564ec865",
     "Yin2FuHTt/M0kJWb0t9OI32n2VmOGi3m+JfjOvuDF88=",
     "Hc5yec3NmCD7t+kFRw4/3yD6/F3SQHc7AVYschRja+Bc3sbdjlA0eH1OjJc0DD4ghn1tnXN5/Wr6qm9xmaHt4A==",
     "BQuhnKHqYDwQWS5jAw4sZed+C9KFUALsbrq81bB0mh+bcUUbbMPNNmBIupnS2AmyyDnG5CTBQtkjJ9kyY4kzmw==",
     "e8fef380e4be24c1c80d06229f47131b5a89646d99e3a58e019f25894a1693ff"
     "09153d83ae26a92c8cddde70bd5c4066e388ab123ca6aa108304618d25979661",
     "071df25306884853cd451627c1ec2acdf455b00a344e4e54aa1f20b666816bfa"
     "95db74f9f13fa1df58ef2b796a9e330bab8f944148ad81d043d0798698d08e30",
     "80508674ef2a78056fa8a09f169a8f5c8da7db9f7a095b5ac7493a207de0cedf"
     "78c40f7e0e0003e8dc2b10b27402382e64d73475627176e39ed37ec711c0f550",
     "111c46bb04270070366a6734d556f541bf563ea31bebcbbcb3095d86e3a7e0c4"
     "7bb9dbb1fa843f0cdae0700cb9734fd2119c9b2de1986798c59161f910b34e5c",
     "1ad3802acb45d07336f2ff2286e21512d4af4c57e60e396fab490cc472e2001a"
     "c905b2247f6f95a725a1a7ee5e920d2b2df2f9dc3bd47cbab97a16f7017163d0"},
}};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_SCRAM_VECTORS_H_
