#ifndef CREDBROKER_SERVICE_CALLERS_CERTIFICATE_IDENTITY_H_
#define CREDBROKER_SERVICE_CALLERS_CERTIFICATE_IDENTITY_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "service/model/caller.h"

namespace credbroker {

// Who a client certificate says its holder is. That it is genuine, TLS has verified already; here
// it is only read.
//
//   one URI name, a SPIFFE ID          that ID, and nothing else (X.509-SVID section 4.1)
//   a URI name of any other kind, two  refused
//   no URI name                        "dns:" and "email:" of each name, as it is written
//   no alternative name at all         "cn:" of the one common name
//
// CALLER_UNIDENTIFIED if none of these applies, for an authority's certificate (X.509-SVID section
// 4.2: a leaf that may sign others could make itself anybody) and for a name that has characters
// other than printable ASCII (in a common name: a control character or what is not UTF-8), since a
// NUL ends it for some readers and not for others. `leaf` is PEM text (RFC 7468); the first
// certificate counts. The caller `expires` at notAfter. Pure.
absl::StatusOr<Caller> IdentifyCertificate(absl::string_view leaf);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_CALLERS_CERTIFICATE_IDENTITY_H_
