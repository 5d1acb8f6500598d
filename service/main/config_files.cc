#include "service/main/config_files.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "service/base/status_macros.h"
#include "service/callers/json_web_key_set.h"
#include "service/upstream/file_credential.h"
#include "service/upstream/scram_keys_file.h"

namespace credbroker {
namespace {

constexpr size_t kLargestBundle = 4 << 20;

absl::Status Unreadable(int error) {
  if (error == ENOENT) return absl::NotFoundError("the file does not exist");
  return absl::ErrnoToStatus(error, "the file cannot be read");
}

absl::Status CheckRegular(const std::string& file) {
  struct stat status;
  if (stat(file.c_str(), &status) != 0) return Unreadable(errno);
  if (S_ISDIR(status.st_mode)) return absl::FailedPreconditionError("this is a directory");
  if (!S_ISREG(status.st_mode)) return absl::FailedPreconditionError("this is not a regular file");
  return absl::OkStatus();
}

size_t Count(absl::string_view text, absl::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != absl::string_view::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

absl::Status CheckCertificates(const std::string& file) {
  CREDBROKER_ASSIGN_OR_RETURN(const std::string pem, ReadWholeFile(file, kLargestBundle));
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  if (bio == nullptr) return absl::ResourceExhaustedError("out of memory");
  size_t read = 0;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    X509_free(certificate);
    ++read;
  }
  ERR_clear_error();
  const size_t written = Count(pem, "-----BEGIN CERTIFICATE-----") +
                         Count(pem, "-----BEGIN TRUSTED CERTIFICATE-----") +
                         Count(pem, "-----BEGIN X509 CERTIFICATE-----");
  if (written == 0) return absl::InvalidArgumentError("the file holds no PEM certificate");
  if (read != written) {
    return absl::InvalidArgumentError(
        absl::StrCat("certificate ", read + 1, " of ", written, " in the file cannot be read"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadKeySet(const std::string& file) {
  CREDBROKER_ASSIGN_OR_RETURN(std::string text, ReadWholeFile(file, kLargestBundle));
  CREDBROKER_RETURN_IF_ERROR(JsonWebKeySet::Parse(text).status());
  return text;
}

absl::Status CheckKeySet(const std::string& file) { return ReadKeySet(file).status(); }

absl::Status CheckReadable(const std::string& file) {
  absl::StatusOr<std::string> content = ReadWholeFile(file, kLargestBundle);
  if (!content.ok()) return content.status();
  OPENSSL_cleanse(content->data(), content->size());  // It may be a private key.
  return content->empty() ? absl::InvalidArgumentError("the file is empty") : absl::OkStatus();
}

absl::Status CheckAppendable(const std::string& file) {
  struct stat status;
  if (stat(file.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return absl::FailedPreconditionError("this is a directory");
    if (access(file.c_str(), W_OK) == 0) return absl::OkStatus();
  } else if (errno == ENOENT) {
    const size_t slash = file.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : file.substr(0, slash + 1);
    if (access(folder.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
    if (errno == ENOENT) return absl::NotFoundError("its folder does not exist");
  }
  return absl::ErrnoToStatus(errno, "the file cannot be written");
}

absl::Status CheckSecretFile(const std::string& file) {
  CREDBROKER_RETURN_IF_ERROR(CheckRegular(file));
  return FileCredential(file).Read().status();
}

absl::Status CheckScramKeysFile(const std::string& file) {
  CREDBROKER_RETURN_IF_ERROR(CheckRegular(file));
  return ScramKeysCredential(file).Read().status();
}

bool IsReadableByOthers(const std::string& file) {
  struct stat status;
  if (stat(file.c_str(), &status) != 0) return false;
  return (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

std::string ResolvePath(absl::string_view config_file, absl::string_view file) {
  const size_t slash = config_file.rfind('/');
  if (absl::StartsWith(file, "/") || slash == absl::string_view::npos) return std::string(file);
  return absl::StrCat(config_file.substr(0, slash + 1), file);
}

std::string ReadPath(FieldReader& from, absl::string_view name, const std::string& config_file,
                     absl::Status (*check)(const std::string& file)) {
  const std::optional<std::string> named = from.Text(name);
  if (!named) return "";
  std::string path = ResolvePath(config_file, *named);
  const absl::Status status = check(path);
  if (!status.ok()) from.Refuse(name, absl::string_view(status.message()));
  return path;
}

}  // namespace credbroker
