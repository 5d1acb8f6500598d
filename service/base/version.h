#ifndef CREDBROKER_SERVICE_BASE_VERSION_H_
#define CREDBROKER_SERVICE_BASE_VERSION_H_

namespace credbroker {

// The release, e.g. "0.1.0": what CMake's project() says, so that it is written down once.
inline constexpr char kVersion[] = CREDBROKER_VERSION;

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_BASE_VERSION_H_
