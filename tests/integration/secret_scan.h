#ifndef CREDBROKER_TESTS_INTEGRATION_SECRET_SCAN_H_
#define CREDBROKER_TESTS_INTEGRATION_SECRET_SCAN_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace credbroker {

// Looks for secrets in texts: as they are, in base64 (both alphabets, at every alignment) and in
// hex (both cases); and for any kWindow bytes in a row of each of these forms, since a truncated
// secret has leaked too.
class SecretScan {
 public:
  static constexpr size_t kWindow = 12;

  // `name` is what the test says when it finds the secret. A secret has kWindow bytes at least.
  void Add(const std::string& name, const std::string& secret);

  // The names of the secrets that are in `text`, each once, in order. Empty: none.
  std::vector<std::string> FindIn(absl::string_view text) const;

  size_t size() const { return secrets_; }

 private:
  void AddForm(const std::string& name, absl::string_view form);

  // By window.
  absl::flat_hash_map<std::string, std::string> names_;
  size_t secrets_ = 0;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_INTEGRATION_SECRET_SCAN_H_
