#include "tests/integration/secret_scan.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace credbroker {

void SecretScan::Add(const std::string& name, const std::string& secret) {
  ASSERT_GE(secret.size(), kWindow) << name;
  ++secrets_;
  AddForm(name, secret);
  const std::string hex = absl::BytesToHexString(secret);
  AddForm(name, hex);
  AddForm(name, absl::AsciiStrToUpper(hex));
  for (size_t before = 0; before < 3; ++before) {
    // The first and the last group also depend on what stands beside the secret.
    const std::string shifted = absl::StrCat(std::string(before, '\0'), secret);
    const size_t begin = before == 0 ? 0 : 4;
    const size_t length = shifted.size() / 3 * 4 - begin;
    AddForm(name, absl::Base64Escape(shifted).substr(begin, length));
    AddForm(name, absl::WebSafeBase64Escape(shifted).substr(begin, length));
  }
}

void SecretScan::AddForm(const std::string& name, absl::string_view form) {
  for (size_t at = 0; at + kWindow <= form.size(); ++at) {
    names_.emplace(form.substr(at, kWindow), name);
  }
}

std::vector<std::string> SecretScan::FindIn(absl::string_view text) const {
  std::set<std::string> found;
  for (size_t at = 0; at + kWindow <= text.size(); ++at) {
    const auto hit = names_.find(text.substr(at, kWindow));
    if (hit != names_.end()) found.insert(hit->second);
  }
  return {found.begin(), found.end()};
}

}  // namespace credbroker
