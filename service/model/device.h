#ifndef CREDBROKER_SERVICE_MODEL_DEVICE_H_
#define CREDBROKER_SERVICE_MODEL_DEVICE_H_

#include <optional>
#include <string>

namespace credbroker {

// What a login tells upstream about the device that it creates; what is absent gets a default.
struct Device {
  std::optional<std::string> device_name;
  std::optional<std::string> browser;
  std::optional<std::string> os;
  std::optional<std::string> os_version;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MODEL_DEVICE_H_
