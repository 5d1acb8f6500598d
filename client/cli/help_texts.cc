#include "client/cli/help_texts.h"

namespace credbroker {

const char kHelpDescription[] =
    "Asks the credential broker for short-lived tokens of upstream accounts.\n"
    "No password is needed for it: the broker logs in, and keeps the session fresh.";

const char kHelpFooter[] =
    R"text(Examples:
  credbroker token --plaintext --tenant acme
  curl -H "Session: $(credbroker token --plaintext --tenant acme --min-remaining 1m)" ...
  credbroker --plaintext --address 127.0.0.1:8443 sessions
  credbroker token --address broker:8443 --tenant acme --ca ca.crt --cert me.crt --key me.key

The examples with --plaintext, here and in the commands' own help, are for a broker without TLS on
this machine; for one with TLS put --ca, --cert and --key in its place.

`credbroker COMMAND --help` explains a command. The options of the connection and of the output may
stand before or after the command. Durations are written 250ms, 30s, 5m, 1h.

Exit codes:
  0  done
  1  the broker refused or failed: stderr has the gRPC code's name, the reason and, where waiting
     helps, when to try again
  2  usage: an option is missing or wrong, or a file that it names cannot be used)text";

const std::array<CommandText, 8> kCommandTexts = {{
    {Command::kToken, "token", "Prints a token that is live now",
     R"(The broker answers from memory, or refreshes the session, or logs in with the account's configured
credential. In text mode the token and a newline are all that is printed.

Examples:
  TOKEN=$(credbroker token --plaintext --tenant acme)
  credbroker token --plaintext --tenant acme --account reporting --min-remaining 2m
  credbroker token --plaintext --tenant acme --output json | jq -r .token.expireTime)"},
    {Command::kLogin, "login", "Makes sure that there is a session, or makes a new one",
     R"(A live session is kept, unless --force-new or a password asks for another. A password is only for
an account of your own that the broker does not know, where the tenant allows that. It comes from a
file or from standard input (typed unseen at a terminal), never from the command line, which other
users of this machine can read. In text mode the token is not printed.

Examples:
  credbroker login --plaintext --tenant acme
  credbroker login --plaintext --tenant acme --account reporting --release-hold
  credbroker login --plaintext --tenant acme --account me@acme.example --password-stdin)"},
    {Command::kRefresh, "refresh", "Replaces the token by a new one now",
     R"(For a token that the upstream has rejected. With --if-generation only if nobody else has replaced
that generation meanwhile. In text mode the token is not printed: ask `credbroker token` for it.

Examples:
  credbroker refresh --plaintext --tenant acme
  credbroker refresh --plaintext --tenant acme --if-generation 7)"},
    {Command::kLogout, "logout", "Ends the session",
     R"(At once in the broker, then upstream; the broker goes on with that in the background if it takes
longer than one request may.

Example:
  credbroker logout --plaintext --tenant acme --account reporting)"},
    {Command::kWatch, "watch", "Prints a line for the current token and for each new one",
     R"(Exits 0 once the session is revoked. When the broker drains it exits 1 (UNAVAILABLE): start it
again. In an upstream outage it stays silent. The token itself is printed with --show-token or
--output json only.

Examples:
  credbroker watch --plaintext --tenant acme
  credbroker watch --plaintext --tenant acme --output json | while read -r line; do ...; done)"},
    {Command::kSessions, "sessions", "Lists the accounts and the state of each, for operators",
     R"text(REMAINING is the life left to the token, REFRESH IN the time until the broker acts by itself,
HELD FOR the time that a refused account is spared.

Examples:
  credbroker sessions --plaintext
  credbroker sessions --plaintext --tenant acme --output json |
    jq '.sessions[] | select(.state != "SESSION_STATE_LIVE")')text"},
    {Command::kEnroll, "enroll",
     "Makes an account's SCRAM keys, so that the broker needs no password",
     R"text(Works beside the broker's configuration, not through the broker. The password is typed unseen at the
terminal, or comes through standard input. The keys that SCRAM derives from it are written to a file
that only its owner can read; name it as the account's scram_keys_file instead of a password_file.

The account's salt and iteration count are asked from the upstream, which is no login attempt, unless
they are given. The password is not tried: whether it is right shows at the broker's next login. After
the password was changed upstream, enroll the account again. An upstream that hides which addresses
it knows answers with an invented salt for a wrong one.

Examples:
  credbroker enroll --config credbrokerd.yaml --tenant acme --account reporting
  pass show acme/reporting | credbroker enroll --config credbrokerd.yaml --tenant acme \
    --account reporting --keys-file secrets/acme-reporting.keys --overwrite)text"},
    {Command::kProbe, "probe",
     "Says what is wrong between the configuration and a tenant's upstream",
     R"text(Works beside the broker's configuration, not through the broker: resolves the name, connects, looks
at the certificate, asks for the account's salt and iteration count, compares the clocks, and checks
what of the credential can be checked without showing it to the upstream. None of that is a login
attempt. Exits 1 if something failed.

With --spend-attempts it then really tries to log in, once per mechanism, the tenant's own first,
until one is accepted, and logs out again. That may cost up to three attempts (with a scram_keys_file
one), and each that is rejected brings the account closer to being locked upstream. So it first asks
the broker (--address and the other options of the connection, as an operator) whether the account is
held back, and refuses if it is, or if the broker cannot be asked; --no-broker says that there is
none. A hold of a broker that was not asked is not seen.

Examples:
  credbroker probe --config credbrokerd.yaml --tenant acme
  credbroker probe --config credbrokerd.yaml --tenant acme --account reporting --output json
  credbroker probe --config credbrokerd.yaml --tenant acme --spend-attempts --plaintext)text"},
}};

}  // namespace credbroker
