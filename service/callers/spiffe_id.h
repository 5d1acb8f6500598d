#ifndef CREDBROKER_SERVICE_CALLERS_SPIFFE_ID_H_
#define CREDBROKER_SERVICE_CALLERS_SPIFFE_ID_H_

#include "absl/strings/string_view.h"

namespace credbroker {

// Whether `uri` identifies a workload: a SPIFFE ID (SPIFFE-ID section 2) that has a path.
//
//   spiffe://TRUST-DOMAIN/SEGMENT[/SEGMENT…]
//
// The trust domain is 1 to 255 characters a-z, 0-9, '.', '-' and '_'; a segment one or more of
// a-z, A-Z, 0-9, '.', '-' and '_', and neither "." nor ".."; the whole at most 2048 bytes. So there
// is no port, user, query, fragment, percent-encoding or slash at the end, and no two texts mean
// the same. Pure.
bool IsWorkloadSpiffeId(absl::string_view uri);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_CALLERS_SPIFFE_ID_H_
