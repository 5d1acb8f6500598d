#ifndef CREDBROKER_SERVICE_API_TOKEN_QUERY_H_
#define CREDBROKER_SERVICE_API_TOKEN_QUERY_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace credbroker {

// A well-formed GetTokenRequest. The texts are views into its bytes.
struct TokenQuery {
  absl::string_view tenant;
  // A configured account's name, or empty.
  absl::string_view account;
  absl::Duration min_remaining_lifetime;
};

// Reads a serialised v1::GetTokenRequest without allocating, as long as it is what any client
// sends: each field at most once, none unknown, names well formed, no e-mail address. What it reads
// it reads as protobuf would, and field_check.h would pass it. Nothing for all else: that is for
// the full parser to read, or to refuse with words.
std::optional<TokenQuery> ReadTokenQuery(absl::string_view bytes);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_TOKEN_QUERY_H_
