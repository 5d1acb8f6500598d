#include "service/upstream/scram_upstream.h"

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

#include "service/upstream/login_flow.h"

namespace credbroker {

ScramUpstream::ScramUpstream(Parts parts, std::string version)
    : parts_(parts),
      version_(std::move(version)),
      api_(parts.loop, parts.http, parts.metrics),
      keys_(std::make_shared<KeyCache>(parts.random)) {}

ScramUpstream::~ScramUpstream() = default;

void ScramUpstream::Login(const UpstreamAccount& account,
                          std::shared_ptr<const Credential> credential, const Device& device,
                          LoginDone done) {
  const LoginFlow::Parts parts{parts_.loop, api_, parts_.workers, parts_.random, keys_, alive_};
  std::make_shared<LoginFlow>(parts, account, std::move(credential), WithDefaults(account, device),
                              std::move(done))
      ->Start();
}

Device ScramUpstream::WithDefaults(const UpstreamAccount& account, Device device) const {
  if (!device.os.has_value()) device.os = "Linux";
  if (!device.os_version.has_value()) device.os_version = version_;
  if (!device.device_name.has_value()) {
    // The display name: a caller's e-mail address has no place in a device list.
    device.device_name =
        absl::StrCat("credbroker/", account.key.tenant, "/", DisplayName(account.key));
  }
  return device;
}

void ScramUpstream::Refresh(const UpstreamAccount& account, const Secret& refresh_token,
                            RefreshDone done) {
  api_.Refresh(account, refresh_token, std::move(done));
}

void ScramUpstream::Logout(const UpstreamAccount& account, const Secret& access_token,
                           LogoutDone done) {
  api_.Logout(account, access_token, std::move(done));
}

void ScramUpstream::HasCredentialChanged(const AccountKey& key,
                                         std::shared_ptr<const Credential> credential,
                                         CredentialDone done) {
  parts_.workers.Submit(
      key.tenant, [&loop = parts_.loop, keys = keys_, key, credential = std::move(credential),
                   alive = std::weak_ptr<const bool>(alive_), done = std::move(done)]() mutable {
        const absl::Cleanup wipe = WipeDeadStack;
        const absl::StatusOr<Secret> password = credential->Read();
        const bool changed = password.ok() && keys->Differs(key, *password);
        loop.Post([changed, alive = std::move(alive), done = std::move(done)]() mutable {
          if (!alive.expired()) done(changed);
        });
      });
}

}  // namespace credbroker
