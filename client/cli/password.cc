#include "client/cli/password.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "client/cli/local_file.h"

namespace credbroker {
namespace {

// While it lives, the terminal on standard input shows nothing of what is typed. Keys that send
// signals are plain characters meanwhile: a signal would leave the terminal mute.
class MuteTerminal {
 public:
  MuteTerminal() {
    active_ = tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!active_) return;
    termios mute = before_;
    mute.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    active_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &mute) == 0;
  }
  ~MuteTerminal() {
    if (active_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  MuteTerminal(const MuteTerminal&) = delete;
  MuteTerminal& operator=(const MuteTerminal&) = delete;

 private:
  termios before_{};
  bool active_ = false;
};

absl::StatusOr<std::string> OneLine(std::string text, const std::string& source) {
  const auto fault = [&source](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(source, ": the password ", what));
  };
  if (!text.empty() && text.back() == '\n') text.pop_back();
  if (!text.empty() && text.back() == '\r') text.pop_back();
  if (text.empty()) return fault("is empty");
  if (text.size() > kMaxPasswordBytes) {
    return fault(absl::StrCat("has more than ", kMaxPasswordBytes, " bytes"));
  }
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
  if (control) return fault("must be one line without control characters");
  return text;
}

std::string ReadUpTo(std::istream& in, size_t limit, bool stop_at_newline) {
  std::string text;
  text.reserve(limit);  // Never moves, so that no copy stays behind.
  char c = 0;
  while (text.size() < limit && in.get(c)) {
    text.push_back(c);
    if (c == '\n' && stop_at_newline) break;
  }
  return text;
}

constexpr char kStandardInput[] = "standard input";

bool IsTerminal(const std::istream& in) { return &in == &std::cin && isatty(STDIN_FILENO) == 1; }

// One byte more than the longest password and its end can have, so that more is noticed.
constexpr size_t kReadLimit = kMaxPasswordBytes + 3;

std::string Ask(const char* prompt, std::istream& in, std::ostream& err) {
  err << prompt << std::flush;
  std::string text;
  {
    const MuteTerminal mute;
    text = ReadUpTo(in, kReadLimit, true);
  }
  err << "\n";
  return text;
}

}  // namespace

absl::StatusOr<std::string> ReadPassword(std::istream& in, std::ostream& err,
                                         const std::string& source) {
  if (!IsTerminal(in)) return OneLine(ReadUpTo(in, kReadLimit, false), source);
  return OneLine(Ask("Password: ", in, err), source);
}

absl::StatusOr<std::string> ReadNewPassword(std::istream& in, std::ostream& err) {
  absl::StatusOr<std::string> password = ReadPassword(in, err, kStandardInput);
  if (!password.ok() || !IsTerminal(in)) return password;
  std::string again = Ask("Once more: ", in, err);
  const bool same = again == absl::StrCat(*password, "\n");
  std::fill(again.begin(), again.end(), '\0');
  if (!same) return absl::InvalidArgumentError("the two passwords differ");
  return password;
}

absl::StatusOr<std::string> ReadPasswordFile(const std::string& path) {
  absl::StatusOr<std::string> text = ReadLocalFile("--password-file", path, kMaxPasswordBytes + 2);
  if (!text.ok()) return text.status();
  return OneLine(*std::move(text), "--password-file");
}

}  // namespace credbroker
