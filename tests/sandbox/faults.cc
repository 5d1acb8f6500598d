#include "tests/sandbox/faults.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace credbroker::sandbox {
namespace {

using nlohmann::json;

absl::Status Bad(absl::string_view member, absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("fault member '", member, "': ", expected));
}

struct NamedChoice {
  std::string Fault::*member;
  std::vector<absl::string_view> values;
};

const std::map<std::string, NamedChoice, std::less<>>& Choices() {
  static const auto* const choices = new std::map<std::string, NamedChoice, std::less<>>{
      {"nonce",
       {&Fault::nonce,
        {"equal", "foreign", "comma", "control", "non-ascii", "truncated", "empty"}}},
      {"salt",
       {&Fault::salt, {"empty", "long", "not-base64", "unpadded", "non-canonical", "whitespace"}}},
      {"signature",
       {&Fault::signature, {"flipped", "missing", "truncated", "empty", "not-base64"}}},
      {"token_header", {&Fault::token_header, {"missing", "twice", "long", "empty", "bearer"}}},
      {"token", {&Fault::token, {"expired", "far-future", "no-exp", "no-claims", "not-jwt"}}},
      {"body",
       {&Fault::body,
        {"empty", "not-json", "deep", "duplicate-keys", "invalid-utf8", "wrong-types",
         "missing-fields", "large", "large-chunked", "endless", "gzip", "gzip-bomb"}}},
      {"connection",
       {&Fault::connection,
        {"close-unprocessed", "close", "reset", "cut-body", "drip", "close-after"}}},
  };
  return *choices;
}

absl::StatusOr<int64_t> Integer(absl::string_view member, const json& value, int64_t low,
                                int64_t high) {
  if (!value.is_number_integer() || value < low || value > high) {
    return Bad(member, absl::StrCat("an integer from ", low, " to ", high));
  }
  return value.get<int64_t>();
}

absl::Status ParseInteger(absl::string_view member, const json& value, Fault& fault) {
  constexpr int64_t kLimit = 1'000'000'000;
  const bool is_status = member == "status";
  const auto number = Integer(member, value,
                              is_status           ? 200
                              : member == "times" ? 1
                                                  : 0,
                              is_status ? 599 : kLimit);
  if (!number.ok()) return number.status();
  if (member == "times") fault.times = *number;
  if (member == "latency_ms") fault.latency = absl::Milliseconds(*number);
  if (member == "drip_ms") fault.drip = absl::Milliseconds(*number);
  if (is_status) fault.status = static_cast<int>(*number);
  return absl::OkStatus();
}

absl::Status ParseText(absl::string_view member, const json& value, Fault& fault) {
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
    return Bad(member, "a string");
  }
  const auto& text = value.get_ref<const std::string&>();
  if (text.find_first_of("\r\n") != std::string::npos) return Bad(member, "no line breaks");
  (member == "account" ? fault.account : fault.redirect) = text;
  return absl::OkStatus();
}

absl::Status ParseRetryAfter(const json& value, Fault& fault) {
  if (value.is_number()) {
    fault.retry_after = value.dump();
    return absl::OkStatus();
  }
  if (!value.is_string() ||
      value.get_ref<const std::string&>().find_first_of("\r\n") != std::string::npos) {
    return Bad("retry_after", "a number or a string");
  }
  fault.retry_after = value.get<std::string>();
  return absl::OkStatus();
}

absl::Status ParseDate(const json& value, Fault& fault) {
  if (value == "missing") {
    fault.date_missing = true;
  } else if (value.is_number()) {
    fault.date_offset = absl::Seconds(value.get<double>());
  } else {
    return Bad("date", "\"missing\" or seconds");
  }
  return absl::OkStatus();
}

absl::Status ParseChoice(absl::string_view member, const NamedChoice& choice, const json& value,
                         Fault& fault) {
  if (!value.is_string()) return Bad(member, "a string");
  const auto& text = value.get_ref<const std::string&>();
  if (std::find(choice.values.begin(), choice.values.end(), text) == choice.values.end()) {
    return Bad(member, "not one of its values");
  }
  fault.*choice.member = text;
  return absl::OkStatus();
}

absl::Status ParseMember(const std::string& member, const json& value, Fault& fault) {
  if (const auto choice = Choices().find(member); choice != Choices().end()) {
    return ParseChoice(member, choice->second, value, fault);
  }
  if (member == "times" || member == "latency_ms" || member == "drip_ms" || member == "status") {
    return ParseInteger(member, value, fault);
  }
  if (member == "account" || member == "redirect") return ParseText(member, value, fault);
  if (member == "retry_after") return ParseRetryAfter(value, fault);
  if (member == "date") return ParseDate(value, fault);
  if (member == "iteration_count") {
    fault.iteration_count = value;
    return absl::OkStatus();
  }
  if (member == "expires_in") {
    if (!value.is_number()) return Bad(member, "seconds");
    fault.expires_in = value.get<double>();
    return absl::OkStatus();
  }
  return Bad(member, "unknown");
}

}  // namespace

absl::StatusOr<Fault> ParseFault(const json& json) {
  if (!json.is_object()) return absl::InvalidArgumentError("a fault is a JSON object");
  Fault fault;
  for (const auto& [member, value] : json.items()) {
    if (absl::Status status = ParseMember(member, value, fault); !status.ok()) return status;
  }
  return fault;
}

absl::StatusOr<Faults::List> Faults::ParseList(const json& json) {
  List list;
  const auto items = json.is_array() ? json : nlohmann::json::array({json});
  for (const auto& item : items) {
    auto fault = ParseFault(item);
    if (!fault.ok()) return fault.status();
    list.push_back(Armed{*std::move(fault), item});
  }
  return list;
}

absl::StatusOr<size_t> Faults::Replace(const json& json) {
  if (!json.is_object()) return absl::InvalidArgumentError("faults are a JSON object");
  std::array<List, kCallNames.size() + 1> lists;
  size_t count = 0;
  for (const auto& [name, value] : json.items()) {
    const auto position = std::find(kCallNames.begin(), kCallNames.end(), name);
    if (position == kCallNames.end() && name != "all") return Bad(name, "no such call");
    auto list = ParseList(value);
    if (!list.ok()) return list.status();
    count += list->size();
    lists[static_cast<size_t>(position - kCallNames.begin())] = *std::move(list);
  }
  absl::MutexLock lock(&mutex_);
  lists_ = std::move(lists);
  return count;
}

void Faults::Clear() {
  absl::MutexLock lock(&mutex_);
  for (List& list : lists_) list.clear();
}

std::optional<Fault> Faults::TakeFrom(List& list, absl::string_view account) {
  for (auto armed = list.begin(); armed != list.end(); ++armed) {
    if (!armed->fault.account.empty() && armed->fault.account != account) continue;
    Fault fault = armed->fault;
    if (armed->fault.times && --*armed->fault.times == 0) list.erase(armed);
    return fault;
  }
  return std::nullopt;
}

std::optional<Fault> Faults::Take(Call call, absl::string_view account) {
  absl::MutexLock lock(&mutex_);
  auto fault = TakeFrom(lists_[static_cast<size_t>(call)], account);
  return fault ? fault : TakeFrom(lists_.back(), account);
}

json Faults::ToJson() const {
  absl::MutexLock lock(&mutex_);
  json out = json::object();
  for (size_t i = 0; i < lists_.size(); ++i) {
    const std::string name(i < kCallNames.size() ? kCallNames[i] : "all");
    for (const Armed& armed : lists_[i]) {
      json item = armed.json;
      if (armed.fault.times) item["times"] = *armed.fault.times;
      out[name].push_back(std::move(item));
    }
  }
  return out;
}

}  // namespace credbroker::sandbox
