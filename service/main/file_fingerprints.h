#ifndef CREDBROKER_SERVICE_MAIN_FILE_FINGERPRINTS_H_
#define CREDBROKER_SERVICE_MAIN_FILE_FINGERPRINTS_H_

#include <sys/stat.h>

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

#include "service/base/random.h"

namespace credbroker {

// Tells whether the contents of files are other than they were, at the cost of a stat(2) for each
// that is not. Looks through symbolic links, so a folder that is swapped (Kubernetes' `..data`) is
// noticed like a file that is written.
//
// A fingerprint is a digest under a key of this object, and what is read is wiped: it helps nobody
// to guess a password. Not thread-safe; blocks.
class FileFingerprints {
 public:
  explicit FileFingerprints(Random& random);

  // The same for the same content, another for another. What cannot be read has one too, of why. Of
  // what is no regular file nothing is read: a pipe would be empty afterwards. `now` is the wall
  // clock's, that files are stamped with.
  std::string Of(const std::string& file, absl::Time now);
  // Of several, in this order.
  std::string Of(const std::vector<std::string>& files, absl::Time now);

  // Forgets the files that nobody has asked about since the last call.
  void EndRound();

 private:
  struct Known {
    struct stat status;
    std::string fingerprint;
    bool asked = true;
  };

  std::string Read(const std::string& file, struct stat& status) const;

  const std::string key_;
  absl::flat_hash_map<std::string, Known> known_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_FILE_FINGERPRINTS_H_
