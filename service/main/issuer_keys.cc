#include "service/main/issuer_keys.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "service/upstream/secret_file.h"

namespace credbroker {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(10);
constexpr absl::Duration kTick = absl::Seconds(1);
// So long may a key that was withdrawn count.
constexpr absl::Duration kRefresh = absl::Minutes(1);
constexpr absl::string_view kBearer = "Bearer ";

// To the HTTP client the issuer is one more tenant. No configured one has a space in its name.
std::shared_ptr<const Tenant> AsTenant(const KubernetesCallers& callers) {
  auto tenant = std::make_shared<Tenant>();
  tenant->name = "kubernetes issuer";
  tenant->base_url = callers.jwks_url;
  tenant->ca_file = callers.jwks_ca_file;
  return tenant;
}

absl::StatusOr<Secret> ReadBearer(const std::string& file) {
  absl::StatusOr<Secret> content = ReadSecretFile(file, "jwks_bearer_file");
  if (!content.ok()) return content;
  absl::string_view token = content->RevealSecret();
  absl::ConsumeSuffix(&token, "\n");
  return Secret::Fill(kBearer.size() + token.size(), [token](absl::Span<uint8_t> bytes) {
    kBearer.copy(reinterpret_cast<char*>(bytes.data()), kBearer.size());
    token.copy(reinterpret_cast<char*>(bytes.data()) + kBearer.size(), token.size());
  });
}

absl::StatusOr<std::string> KeySetIn(const absl::StatusOr<HttpResponse>& response) {
  if (!response.ok()) return response.status();
  if (response->status != 200) {
    return absl::UnavailableError(absl::StrCat("the issuer answered with ", response->status));
  }
  return std::string(response->body.RevealSecret());
}

// On the loop.
void Send(const std::shared_ptr<const Tenant>& issuer, Secret bearer, HttpClient& http,
          KeySource::Done done) {
  HttpRequest request;
  request.method = HttpRequest::Method::kGet;
  request.url = issuer->base_url;
  request.timeout = kTimeout;
  request.repeatable = true;
  request.headers.push_back({"Accept", Secret::Copy("application/jwk-set+json, application/json")});
  if (!bearer.empty()) request.headers.push_back({"Authorization", std::move(bearer)});
  http.Send(issuer, std::move(request), [done = std::move(done)](HttpResult result) mutable {
    done(KeySetIn(result.response));
  });
}

KeySource::Fetch FetchFor(const KubernetesCallers& callers, HttpClient& http, Loop& loop,
                          WorkerPool& workers) {
  return callers.jwks_url.empty() ? FetchFromFile(callers.jwks_file, workers)
                                  : FetchFromUrl(callers, http, loop, workers);
}

// On the loop, for as long as the source lasts.
void KeepFresh(const std::weak_ptr<KeySource>& source, Loop& loop) {
  const std::shared_ptr<KeySource> keys = source.lock();
  if (keys == nullptr) return;
  keys->Tick(loop.WallNow());
  loop.After(kTick, [source, &loop] { KeepFresh(source, loop); });
}

}  // namespace

KeySource::Fetch FetchFromUrl(const KubernetesCallers& callers, HttpClient& http, Loop& loop,
                              WorkerPool& workers) {
  return [issuer = AsTenant(callers), bearer_file = callers.jwks_bearer_file, &http, &loop,
          &workers](KeySource::Done done) {
    workers.Submit("", [=, &http, &loop, done = std::move(done)]() mutable {
      absl::StatusOr<Secret> bearer = bearer_file.empty() ? Secret() : ReadBearer(bearer_file);
      if (!bearer.ok()) {
        done(bearer.status());
        return;
      }
      loop.Post([issuer, &http, bearer = *std::move(bearer), done = std::move(done)]() mutable {
        Send(issuer, std::move(bearer), http, std::move(done));
      });
    });
  };
}

KubernetesTokens::KubernetesTokens(const KubernetesCallers& callers, HttpClient& http, Loop& loop,
                                   WorkerPool& workers, KeySource::Report report)
    : source_(std::make_shared<KeySource>(FetchFor(callers, http, loop, workers), kRefresh,
                                          std::move(report))),
      tokens_({callers.issuer, callers.audience}, source_) {
  loop.Post([source = std::weak_ptr<KeySource>(source_), &loop] { KeepFresh(source, loop); });
}

}  // namespace credbroker
