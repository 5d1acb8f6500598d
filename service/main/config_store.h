#ifndef CREDBROKER_SERVICE_MAIN_CONFIG_STORE_H_
#define CREDBROKER_SERVICE_MAIN_CONFIG_STORE_H_

#include "service/main/config_fields.h"

namespace credbroker {

// Reads `store` of the file's top mapping. There is the memory store alone; the contract's others
// are refused by name, and what is wrong with their fields is told too. To ignore them would be
// worse than not to start: somebody may rely on them.
void ReadStore(FieldReader& root);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_CONFIG_STORE_H_
