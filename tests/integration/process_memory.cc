#include "tests/integration/process_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

constexpr size_t kBlock = size_t{1} << 20;
constexpr size_t kShortestNeedle = 24;

struct Mapping {
  uint64_t begin = 0;
  uint64_t end = 0;
  std::string line;
};

std::vector<Mapping> WritableMappings(pid_t pid) {
  std::vector<Mapping> mappings;
  std::ifstream maps(absl::StrCat("/proc/", pid, "/maps"));
  for (std::string line; std::getline(maps, line);) {
    // "begin-end rwxp offset device inode path"
    const std::vector<std::string> words = absl::StrSplit(line, absl::MaxSplits(' ', 2));
    const std::vector<std::string> ends = absl::StrSplit(words.at(0), '-');
    if (words.size() < 3 || ends.size() != 2 || !absl::StartsWith(words[1], "rw")) continue;
    Mapping mapping;
    mapping.line = line;
    EXPECT_TRUE(absl::SimpleHexAtoi(ends[0], &mapping.begin) &&
                absl::SimpleHexAtoi(ends[1], &mapping.end))
        << line;
    mappings.push_back(mapping);
  }
  return mappings;
}

bool IsZero(absl::string_view bytes) {
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

class Scan {
 public:
  explicit Scan(const Needles& needles) {
    for (const auto& [name, needle] : needles) {
      EXPECT_GE(needle.size(), kShortestNeedle) << name;
      const size_t third = needle.size() / 3;
      for (const size_t at : {size_t{0}, third, needle.size() - third}) {
        pieces_.emplace_back(name, needle.substr(at, third));
        longest_ = std::max(longest_, third);
      }
    }
  }

  void Read(int memory, const Mapping& mapping) {
    std::string block(longest_ + kBlock, '\0');
    size_t kept = 0;
    for (uint64_t at = mapping.begin; at < mapping.end;) {
      const size_t wanted = std::min<uint64_t>(kBlock, mapping.end - at);
      const ssize_t got = pread(memory, block.data() + kept, wanted, static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return;  // It is gone, or a device's.
      seen_ += static_cast<size_t>(got);
      at += static_cast<uint64_t>(got);
      const size_t size = kept + static_cast<size_t>(got);
      Look({block.data(), size}, mapping);
      // A needle may lie across two blocks.
      kept = std::min(size, longest_);
      std::memmove(block.data(), block.data() + size - kept, kept);
    }
  }

  std::vector<std::string> found() const { return {found_.begin(), found_.end()}; }
  size_t seen() const { return seen_; }

 private:
  void Look(absl::string_view block, const Mapping& mapping) {
    if (IsZero(block)) return;
    for (const auto& [name, piece] : pieces_) {
      if (memmem(block.data(), block.size(), piece.data(), piece.size()) != nullptr) {
        found_.insert(absl::StrCat(name, " in ", mapping.line));
      }
    }
  }

  std::vector<std::pair<std::string, std::string>> pieces_;
  size_t longest_ = 0;
  size_t seen_ = 0;
  std::set<std::string> found_;
};

}  // namespace

std::vector<std::string> FindInMemory(pid_t pid, const Needles& needles, size_t least) {
  const int memory = open(absl::StrCat("/proc/", pid, "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  if (memory < 0) {
    ADD_FAILURE() << "cannot read the memory of another process: " << std::strerror(errno)
                  << "; run the tests as root (or with CAP_SYS_PTRACE)";
    return {};
  }
  Scan scan(needles);
  for (const Mapping& mapping : WritableMappings(pid)) scan.Read(memory, mapping);
  close(memory);
  EXPECT_GE(scan.seen(), least) << "of memory was seen";
  return scan.found();
}

}  // namespace credbroker
